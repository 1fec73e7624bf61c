"""Start a workflow as a Flink job, resuming where it stopped, and stop it with a savepoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engine.flink.configuration import JobSettings
from engine.flink.rest import FlinkRest
from engine.interrupts import held_back
from engine.jobs.definition import Change, changes, definition_digest, refuse_losses, states_of
from engine.jobs.ending import refuse_endless
from engine.jobs.loading import LoadedWorkflow
from engine.jobs.preflight import preflight
from engine.jobs.preparation import Prepared, new_generation, prepare, resolve
from engine.jobs.resuming import check_resumed, newest_checkpoint, resume_point
from engine.jobs.store import Run, RunStore, now
from engine.paths import check_paths
from engine.plan import Plan
from engine.scrape_targets import forget_targets
from engine.settings import JobAddresses, Settings, address
from schemas.errors import Fatal
from sinks import Collector


@dataclass(frozen=True)
class Started:
    """A job that was submitted; `restored_from` is the savepoint or checkpoint it resumes, None for a fresh start."""

    job_id: str
    plan: Plan
    generation: int
    restored_from: str | None


def start(loaded: LoadedWorkflow, settings: Settings, job: JobSettings, *, fresh: bool = False) -> Started:
    """Submit a workflow. Raises Fatal when it runs already, or cannot run, and Retryable when a service is away."""
    addresses = JobAddresses.find(settings)
    check_paths(settings.home)
    preflight(addresses, checkpoints_of(settings))
    plan = resolve(loaded.workflow, addresses.registry, settings.home)
    _refuse_collectors(plan)
    refuse_endless(plan, job)
    with FlinkRest(addresses.flink) as flink, RunStore(settings.metadata_url) as runs, runs.claim(plan.workflow):
        live = flink.live(plan.workflow)
        if live is not None:
            hint = f"`headrace stop {plan.workflow}` stops it"
            raise Fatal(f'workflow "{plan.workflow}" runs already, as job {live.id}', hint=hint)
        last = None if fresh else runs.last(plan.workflow)
        digest = definition_digest(plan)
        if last and last.definition != digest:
            refuse_losses(plan.workflow, _changes(last, runs, plan))
        restore = _resume(last, flink, checkpoints_of(settings)) if last else None
        if last and restore:
            check_resumed(last, job)
        kept = last.generation if last and restore else 0  # 0 also where features were not written before
        generation = kept or new_generation(plan, addresses)
        prepared = prepare(plan, addresses, settings, generation, fresh=restore is None)
        forget_targets(settings.metrics_folder, plan.workflow)
        code = loaded.stage(settings.home / "code" / plan.workflow)
        job = replace(job, restore=restore, files=(str(code),), checkpoints=checkpoints_of(settings))
        with held_back():  # a job that nobody noted could not be resumed
            job_id = _submit(prepared, job, addresses.flink, settings.home)
            ranged = str(job.event_range)
            run = Run(job_id, plan.workflow, generation, digest, job.bounded, now(), restore, event_range=ranged)
            runs.add(run, states_of(plan))
            flink.wait_until_listed(job_id)
    return Started(job_id, prepared.spec.plan, generation, restore)


def _refuse_collectors(plan: Plan) -> None:
    for sink in plan.sinks:
        if isinstance(sink.sink, Collector):
            hint = "use a Folder, a Topic or a SqlTable; a Collector is for tests in one process"
            raise Fatal(f'sink "{sink.name}": would collect in the memory of a worker, where nobody looks', hint=hint)


def stop(workflow: str, settings: Settings, *, drain: bool = False) -> str:
    """Stop a workflow with a savepoint, from which it resumes, and say where that is. Raises Fatal, Retryable."""
    with _live(workflow, settings) as (flink, job_id), RunStore(settings.metadata_url) as runs:
        savepoint = flink.stop(job_id, savepoints_of(settings), drain=drain)
        runs.stopped(job_id, savepoint)
        flink.wait(job_id, lambda state: state == "FINISHED")
    return savepoint


def cancel(workflow: str, settings: Settings) -> None:
    """Stop a workflow as it is, from whose newest checkpoint it resumes. Raises Fatal, Retryable."""
    with _live(workflow, settings) as (flink, job_id):
        flink.cancel(job_id)
        flink.wait(job_id, lambda state: state == "CANCELED")


@contextmanager
def _live(workflow: str, settings: Settings) -> Iterator[tuple[FlinkRest, str]]:
    """A session with Flink, and the job that runs a workflow on it."""
    with FlinkRest(address(settings, "flink")) as flink:
        live = flink.live(workflow)
        if live is None:
            names = ", ".join(sorted({job.name for job in flink.jobs() if job.is_live})) or "none"
            raise Fatal(f'workflow "{workflow}": does not run', hint=f"running: {names}")
        yield flink, live.id


def checkpoints_of(settings: Settings) -> str:
    """Where jobs keep their checkpoints, as a URL."""
    return settings.checkpoints or (settings.home / "data" / "checkpoints").as_uri()


def savepoints_of(settings: Settings) -> str:
    """Where stopped jobs leave their savepoints, as a URL."""
    return settings.savepoints or (settings.home / "data" / "savepoints").as_uri()


def _submit(prepared: Prepared, job: JobSettings, flink: str, home: Path) -> str:
    from engine.flink import gateway
    from engine.flink.job import build, submit

    gateway.prepare(home)
    environment = build(prepared.spec, prepared.cluster, job, flink)
    return submit(environment, prepared.spec.plan.workflow)


def _resume(last: Run, flink: FlinkRest, checkpoints: str) -> str | None:
    """Where the workflow goes on. Raises Fatal where nothing is left to go on."""
    return resume_point(last, flink.remembered(last.job_id), newest_checkpoint(checkpoints, last.job_id))


def planned_changes(loaded: LoadedWorkflow, settings: Settings, registry: str | None) -> list[Change] | None:
    """What becomes of each node if the workflow goes on as it is now; None where it never ran.

    Raises Fatal, Retryable.
    """
    plan = resolve(loaded.workflow, registry, settings.home)
    with RunStore(settings.metadata_url) as runs:
        last = runs.last(plan.workflow)
        return _changes(last, runs, plan) if last else None


def _changes(last: Run, runs: RunStore, plan: Plan) -> list[Change]:
    """What becomes of each node. Raises Fatal where it is not known any more what the last run was made of."""
    same = last.definition == definition_digest(plan)
    parts = runs.states(last.job_id) or (states_of(plan) if same else ())
    if not parts:
        raise Fatal(
            f'workflow "{last.workflow}": its pipelines, features or shards have changed since its last run',
            hint="their state does not fit any more: start anew with --fresh, or undo the change",
        )
    return changes(parts, plan)
