"""How large the state of joins and windows is at the end of one event-time day after the other."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from benchmarks.connector_job import workflow
from benchmarks.events import KINDS, Events, extend
from benchmarks.figures import Tell
from benchmarks.headrace_job import submit
from benchmarks.queries import AS_OF, INTERVAL, OVER, SESSION
from benchmarks.stamped import Stamped
from engine.flink.configuration import JobSettings
from engine.flink.rest import FlinkRest
from engine.settings import Addresses, Settings
from schemas.errors import Fatal
from sources.kafka_admin import KafkaAdmin

MEASURED = (INTERVAL, AS_OF, OVER, SESSION)  # as many as the local platform has slots
STEP_MS = 1_000
A_DAY = 24 * 3_600_000 // STEP_MS
ORIGINS = A_DAY // 300  # all crowds come ten times a day, so that every day ends alike
PATIENCE_S, _POLL_S = 300.0, 0.5


@dataclass(frozen=True)
class Running:
    """A job that runs on while its topics grow."""

    name: str
    workflow: str
    topics: tuple[str, ...]
    job_id: str


def sizes(settings: Settings, days: int, tell: Tell) -> dict[str, list[int]]:
    """The bytes of a checkpoint after each of so many days, of all joins and windows, which run side by side.

    Nothing flows when it is taken, so it is of a known event time.
    """
    name = f"days_{time.time_ns() // 1_000_000}"
    events = Events(f"readings_{name}", f"levels_{name}", A_DAY, ORIGINS, STEP_MS)
    jobs: list[Running] = []
    found: dict[str, list[int]] = {measured.name: [] for measured in MEASURED}
    with FlinkRest(Addresses.find(settings).flink) as flink:
        for day in range(days):
            events = replace(events, records=A_DAY * (day + 1))
            for kind in KINDS:
                extend(settings, events, kind, A_DAY * day, tell)
            if not jobs:
                jobs = _start(events, settings)
            for job in jobs:
                found[job.name].append(_settled(job, flink, settings))
            tell(f"day {day + 1}: " + ", ".join(f"{name} {of[-1]:,}" for name, of in found.items()) + " bytes of state")
        for job in jobs:
            flink.cancel(job.job_id)
    return found


def _start(events: Events, settings: Settings) -> list[Running]:
    jobs = []
    for measured in MEASURED:
        flow = workflow(measured, events, Stamped("", 0, 0))
        job_id = submit(flow, settings, JobSettings(checkpoint_every="1 s"))
        topics = tuple(events.topic(kind) for kind in measured.reads)
        jobs.append(Running(measured.name, flow.name, topics, job_id))
    return jobs


def _settled(job: Running, flink: FlinkRest, settings: Settings) -> int:
    """The size of a checkpoint once all records were taken in and the next one is as large. Raises Fatal."""
    deadline = time.monotonic() + PATIENCE_S
    with KafkaAdmin(Addresses.find(settings).kafka) as admin:
        while not _is_read(job, admin):
            _pause(deadline, f"{job.name}: not all records were taken in")
    newest = flink.checkpoints(job.job_id)["latest"]["completed"]
    while True:
        before, newest = newest, flink.checkpoints(job.job_id)["latest"]["completed"]
        if newest["id"] > before["id"] and newest["state_size"] == before["state_size"]:
            return int(newest["state_size"])
        _pause(deadline, f"{job.name}: its state does not come to rest")


def _pause(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise Fatal(f"{what} within {PATIENCE_S:.0f} s")
    time.sleep(_POLL_S)


def _is_read(job: Running, admin: KafkaAdmin) -> bool:
    """Whether a checkpoint holds all records: what was read is told to Kafka with it."""
    group = f"headrace-{job.workflow}"
    return all(admin.committed(topic, group) and not admin.behind(topic, group) for topic in job.topics)
