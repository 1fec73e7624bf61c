"""What is asked of Flink again, and what is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from engine.flink.rest import FlinkRest
from schemas.errors import Fatal

TASK_ENDED = "java.util.concurrent.CompletionException: CheckpointException: Task local checkpoint failure.\n\tat x"
TASK_STARTS = "CheckpointException: Checkpoint triggering task x (1/1). Not all required tasks are currently running."
TASK_ENDS = "CompletionException: CheckpointException: Checkpoint was declined (task is closing)"
NO_ROOM = "java.io.IOException: No space left on device\n\tat x"


@contextmanager
def flink(*failures: str) -> Iterator[str]:
    """A cluster with one job, whose first savepoints fail, one of each of the failures, and the further ones do not."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = len(asked) - 1
            if self.path == "/jobs/job":
                self._answer({"state": "RUNNING", "vertices": [{"status": "RUNNING"}, {"status": "FINISHED"}]})
            elif number < len(failures):
                self._answer(completed({"failure-cause": {"stack-trace": failures[number]}}))
            else:
                self._answer(completed({"location": f"savepoint-{number}"}))

        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self._answer({"request-id": str(len(asked))})

        def _answer(self, body: dict[str, Any]) -> None:
            text = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def completed(operation: dict[str, Any]) -> dict[str, Any]:
    return {"status": {"id": "COMPLETED"}, "operation": operation}


@pytest.mark.parametrize(
    "failure", [TASK_ENDED, TASK_STARTS, TASK_ENDS], ids=["ended", "was not there yet", "was ending"]
)
def test_a_savepoint_that_failed_as_a_task_was_away_is_asked_for_again(failure: str) -> None:
    with flink(failure) as url, FlinkRest(url) as rest:
        assert rest.stop("job", None) == "savepoint-1"


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        ("Checkpoint was declined (task is closing)", None),
        ("TaskManager received a checkpoint request for unknown task 1_0. Failure reason: gone", None),
        ("Checkpoint expired", "checkpoint 2 failed: Checkpoint expired"),
    ],
    ids=["as its task ends", "as its task has ended", "for another reason"],
)
def test_a_checkpoint_that_failed_is_a_trouble(said: str, trouble: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = {"failed": {"id": 2, "failure_message": said}, "completed": {"id": 1}}
    with FlinkRest("http://127.0.0.1:1") as rest:
        monkeypatch.setattr(rest, "checkpoints", lambda job_id: {"latest": newest})
        monkeypatch.setattr(rest, "failure", lambda job_id: None)
        assert rest.trouble("job") == trouble


@pytest.mark.parametrize(
    ("failures", "why"),
    [((TASK_ENDED,) * 3, "Task local checkpoint failure"), ((NO_ROOM,), "No space left on device")],
    ids=["again and again", "for another reason"],
)
def test_a_savepoint_that_cannot_be_fails(failures: tuple[str, ...], why: str) -> None:
    with flink(*failures) as url, FlinkRest(url) as rest, pytest.raises(Fatal, match=why):
        rest.stop("job", None)
