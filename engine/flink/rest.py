"""Flink's REST API: what runs, how it does, and stopping it with a savepoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import tenacity

from schemas.errors import Fatal, Retryable
from schemas.session import Session

ENDED = ("FINISHED", "CANCELED", "FAILED")  # the states of a job that nothing follows
_LEFT_OUT = "left out: "  # and the gate, engine/jvm/headrace/Gate.java
_OUR_FAILURE = "headrace.JobFailed: "
# what Flink says of a checkpoint that a task came before with its end
_ENDING = ("task is closing", "checkpoint request for unknown task")
# and where a task is gone, or not there yet
_TASK_AWAY = ("Task local checkpoint failure", "Not all required tasks are currently running", *_ENDING)
_TRIES = 3
_BETWEEN_TRIES_S = 1.0  # a task that closes is said to run for a moment still


@dataclass(frozen=True)
class Job:
    """A job as Flink lists it; `started_at` in ms since the epoch."""

    id: str
    name: str
    state: str
    started_at: int

    @property
    def is_live(self) -> bool:
        return self.state not in ENDED


@dataclass(frozen=True, order=True)
class RestorePoint:
    """A savepoint or a checkpoint; both take their numbers from one counter of the job, so the greater is the newer."""

    number: int
    url: str


@dataclass(frozen=True)
class Remembered:
    """What a cluster knows of a job: its newest savepoint, and whether it came to its end by itself."""

    savepoint: RestorePoint | None
    ended: bool


def remembered(state: str, latest: Mapping[str, Any]) -> Remembered:
    """The meaning of a job's state and of the newest of its checkpoints, as Flink reports them.

    >>> stopped = {"savepoint": {"id": 7, "external_path": "file:/s/7"}, "completed": {"id": 6}}
    >>> remembered("FINISHED", stopped)
    Remembered(savepoint=RestorePoint(number=7, url='file:/s/7'), ended=False)
    >>> remembered("FINISHED", {**stopped, "completed": {"id": 8}}).ended
    True
    """
    savepoint, completed = latest["savepoint"], latest["completed"]
    point = RestorePoint(savepoint["id"], str(savepoint["external_path"])) if savepoint else None
    # a job that is stopped has its savepoint last; one that comes to its end may have had a savepoint before
    stopped = point is not None and (completed is None or completed["id"] <= point.number)
    return Remembered(point, state == "FINISHED" and not stopped)


class FlinkRest(Session):
    """A session with a Flink cluster at `url`; a context manager. Raises Retryable when the cluster is away."""

    def __init__(self, url: str, timeout_s: float = 8.0) -> None:
        self._url = url
        loopback = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
        # without TLS there is no need to load the certificates, which takes longer than most answers
        tls = url.startswith("https:")
        self._client = httpx.Client(base_url=url, timeout=timeout_s, trust_env=not loopback, verify=tls)

    def jobs(self) -> list[Job]:
        """All jobs that the cluster remembers, the newest first."""
        jobs = [
            Job(job["jid"], job["name"], job["state"], job["start-time"]) for job in self._get("/jobs/overview")["jobs"]
        ]
        return sorted(jobs, key=lambda job: -job.started_at)

    def newest(self) -> list[Job]:
        """The newest job of each name, the newest first."""
        newest: dict[str, Job] = {}
        for job in self.jobs():
            newest.setdefault(job.name, job)
        return list(newest.values())

    def live(self, name: str) -> Job | None:
        """The job of this name that has not ended."""
        return next((job for job in self.jobs() if job.name == name and job.is_live), None)

    def state(self, job_id: str) -> str:
        return str(self._get(f"/jobs/{job_id}")["state"])

    def sources_ran_at(self, job_id: str) -> float:
        """When the first source of a job that has ended began to run, in seconds since the epoch."""
        vertices = self._get(f"/jobs/{job_id}")["vertices"]
        of_sources = [vertex["id"] for vertex in vertices if vertex["name"].startswith("Source: ")]
        tasks = [task for id_ in of_sources for task in self._get(f"/jobs/{job_id}/vertices/{id_}")["subtasks"]]
        return float(min(task["end-time"] - task["status-duration"]["RUNNING"] for task in tasks)) / 1000

    def checkpoints(self, job_id: str) -> dict[str, Any]:
        """Flink's statistics of a job's checkpoints."""
        found: dict[str, Any] = self._get(f"/jobs/{job_id}/checkpoints")
        return found

    def accumulators(self, job_id: str) -> dict[str, str]:
        """What the operators of a job have counted, by name, as text; of one that has ended, too."""
        found = self._get(f"/jobs/{job_id}/accumulators")["user-task-accumulators"]
        return {entry["name"]: entry["value"] for entry in found}

    def failures(self, job_id: str) -> int:
        """How often a job has failed, whether or not it was restarted; Flink remembers the last 16."""
        return len(self._get(f"/jobs/{job_id}/exceptions")["exceptionHistory"]["entries"])

    def failure(self, job_id: str) -> str | None:
        """Why a job failed or restarts, our own words where it was us; None if it never did."""
        history = self._get(f"/jobs/{job_id}/exceptions")["exceptionHistory"]["entries"]
        if not history:
            return None
        trace = str(history[0]["stacktrace"])
        if _OUR_FAILURE in trace:
            return trace.split(_OUR_FAILURE, 1)[1].split("\n\tat ", 1)[0].split("\nCaused by: ", 1)[0].strip()
        causes = [line.removeprefix("Caused by: ") for line in trace.splitlines() if line and not line.startswith("\t")]
        return causes[-1] if causes else trace

    def remembered(self, job_id: str) -> Remembered | None:
        """What the cluster knows of a job, None if it has forgotten it."""
        job = next((job for job in self.jobs() if job.id == job_id), None)
        return remembered(job.state, self.checkpoints(job_id)["latest"]) if job else None

    def left_out(self, job_id: str) -> dict[str, int]:
        """How many records a job has left out at each gate, where it is bounded to a range of event times."""
        counted = sorted(self.accumulators(job_id).items())
        return {name.removeprefix(_LEFT_OUT): int(count) for name, count in counted if name.startswith(_LEFT_OUT)}

    def trouble(self, job_id: str) -> str | None:
        """Why the newest checkpoint failed, or why a job had to start again; None if all is well."""
        newest = self.checkpoints(job_id)["latest"]
        failed, completed = newest["failed"], newest["completed"]
        said = str((failed or {}).get("failure_message") or "no reason given").splitlines()[0]
        ends = any(ending in said for ending in _ENDING)
        if failed and (not completed or failed["id"] > completed["id"]) and not ends:
            hint = _hint_of(said)
            return f"checkpoint {failed['id']} failed: {said}" + (f"; {hint}" if hint else "")
        return self.failure(job_id)

    def stop(self, job_id: str, savepoints: str | None, *, drain: bool = False, timeout_s: float = 300.0) -> str:
        """Stop a job with a savepoint and say where that is; `drain` first lets out what waits for a watermark.

        A job that is only starting is given a minute for it: before, there is nothing that a savepoint could hold. A
        task that ends or starts again in the moment in which Flink asks it for its part lets the savepoint fail, while
        the job goes on: such a one is asked for again. The source of a table is such a task, and ends behind the first
        checkpoint that has all of it.
        """
        asking = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: any(away in str(error) for away in _TASK_AWAY)),
            stop=tenacity.stop_after_attempt(_TRIES),
            wait=tenacity.wait_fixed(_BETWEEN_TRIES_S),
            reraise=True,
        )
        body = {"drain": drain, **({"targetDirectory": savepoints} if savepoints else {})}
        return str(asking(self._stop, job_id, body, timeout_s))

    def cancel(self, job_id: str) -> None:
        self._call("PATCH", f"/jobs/{job_id}", params={"mode": "cancel"})

    def wait(self, job_id: str, until: Callable[[str], bool], timeout_s: float = 60.0) -> str:
        """The state of a job, once it is one that `until` accepts. Raises Fatal when that takes too long."""
        return str(self._poll(lambda: self.state(job_id), until, timeout_s, f"job {job_id}"))

    def wait_until_running(self, job_id: str, timeout_s: float = 60.0) -> None:
        """Return once all tasks of a job run, or it has ended. Raises Fatal when that takes too long."""
        self._poll(lambda: self._get(f"/jobs/{job_id}"), _takes_savepoints, timeout_s, f"all tasks of job {job_id}")

    def wait_until_listed(self, job_id: str, timeout_s: float = 60.0) -> None:
        """Return once `jobs` has a job that was just submitted: the list may be some seconds old."""
        self._poll(lambda: [job.id for job in self.jobs()], lambda ids: job_id in ids, timeout_s, f"job {job_id}")

    def close(self) -> None:
        self._client.close()

    def _stop(self, job_id: str, body: Mapping[str, Any], timeout_s: float) -> str:
        self.wait_until_running(job_id)
        trigger = self._call("POST", f"/jobs/{job_id}/stop", json=body)["request-id"]
        return self._savepoint(f"/jobs/{job_id}/savepoints/{trigger}", timeout_s)

    def _savepoint(self, path: str, timeout_s: float) -> str:
        done = self._poll(
            lambda: self._get(path), lambda got: got["status"]["id"] == "COMPLETED", timeout_s, "savepoint"
        )
        operation = done["operation"]
        if "failure-cause" in operation:
            cause = str(operation["failure-cause"]["stack-trace"]).strip().splitlines()
            hint = _hint_of("\n".join(cause)) or "`headrace stop <workflow> --cancel` stops at the newest checkpoint"
            raise Fatal(f"the savepoint failed: {cause[0]}", hint=hint)
        return str(operation["location"])

    def _poll(self, ask: Callable[[], Any], until: Callable[[Any], bool], timeout_s: float, what: str) -> Any:
        polling = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda got: not until(got)) | tenacity.retry_if_exception_type(Retryable),
            wait=tenacity.wait_fixed(0.2),
            stop=tenacity.stop_after_delay(timeout_s),
        )
        try:
            return polling(ask)
        except tenacity.RetryError as error:
            raise Fatal(f"{what}: not there after {timeout_s:.0f} s") from error

    def _get(self, path: str) -> Any:
        return self._call("GET", path)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            hint = "start it, or correct HEADRACE_FLINK or --flink"
            raise Retryable(f'flink "{self._url}": cannot be reached: {error}', hint=hint) from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise Fatal(f'flink "{self._url}": knows nothing of {path}', hint="was the cluster started anew?")
        if answer.is_error:
            raise Fatal(f'flink "{self._url}": {method} {path} answered {answer.status_code}: {answer.text[:500]}')
        return answer.json() if answer.content else {}


def _takes_savepoints(job: Mapping[str, Any]) -> bool:
    """Whether all tasks of a job run; of one that has ended Flink says so itself."""
    return job["state"] in ENDED or {task["status"] for task in job["vertices"]} <= {"RUNNING", "FINISHED"}


def _hint_of(cause: str) -> str:
    if "No space left on device" in cause:
        return "the disk with the checkpoints is full: make room, the job goes on by itself"
    return ""
