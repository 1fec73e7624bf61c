"""Headrace's own run of a join or window: a workflow that hands its result to a transformer in Python."""

from __future__ import annotations

import time

from benchmarks.events import Events
from benchmarks.headrace_job import CHECKPOINT_EVERY, finished, submit
from benchmarks.queries import Measured
from benchmarks.stamped import Stamped, stamps_file, stamps_of
from engine.flink.configuration import JobSettings
from engine.flink.rest import FlinkRest
from engine.settings import Addresses, Settings
from engine.workflow import Workflow
from schemas.errors import Fatal


def workflow(measured: Measured, events: Events, stamped: Stamped) -> Workflow:
    """The workflow that does the work."""
    flow = Workflow(f"bench_{time.time_ns() // 1_000_000}")
    sources = [flow.source(f"{kind}s", events.source(kind)) for kind in measured.reads]
    joined = flow.connect("joined", measured.connector(*sources))
    flow.pipeline("taken", joined, stamped)
    return flow


def seconds(measured: Measured, events: Events, settings: Settings, after: int, last: int) -> float:
    """How long it took from the `after`-th result that the transformer was given to the `last` one.

    Where results are sparse it is from when the sources ran: the start of a worker counts, but no lead that they have.
    """
    file = stamps_file(settings.home)
    flow = workflow(measured, events, Stamped(str(file), after, last))
    job_id = submit(flow, settings, JobSettings(checkpoint_every=CHECKPOINT_EVERY, bounded=True))
    with FlinkRest(Addresses.find(settings).flink) as flink:
        finished(flink, job_id)
        ran_at = flink.sources_ran_at(job_id)
    stamps = stamps_of(file)
    if stamps is None:
        raise Fatal(f"{measured.name}: it was not results {after:,} and {last:,} that reached the transformer")
    return stamps[1] - (ran_at if measured.sparse else stamps[0])
