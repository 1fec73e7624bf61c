"""Kafka to columns in a worker, and nothing else, beside a consumer in Python that only counts."""

from __future__ import annotations

import time
from typing import Literal

from benchmarks import figures
from benchmarks.figures import Row, Tell
from benchmarks.filling import fill
from benchmarks.headrace_job import CHECKPOINT_EVERY, finished, workflow
from benchmarks.peer import Peer, Stream, rate
from benchmarks.peers.tasks import TASKS
from benchmarks.stamped import stamps_file
from engine.flink import gateway
from engine.flink.configuration import JobSettings
from engine.flink.contracts import contract_of
from engine.flink.job import open_environment, submit
from engine.flink.outside import Kafka
from engine.flink.parts import spread, to_frames
from engine.flink.rest import FlinkRest
from engine.jobs.preparation import Prepared, prepare, resolve
from engine.jobs.running import checkpoints_of
from engine.settings import Addresses, Settings
from models.pickled import dump
from schemas.errors import Fatal

TASK = TASKS["pages"]
START_UP = 10  # the tenth part of the records comes before the span that is measured
MODES: dict[Literal["process", "thread"], figures.Figure] = {
    "process": figures.INTAKE_PROCESS,
    "thread": figures.INTAKE_THREAD,
}


def measure(settings: Settings, records: int, rounds: int, tell: Tell) -> list[Row]:
    """The figures about the way to a worker; the first run in each mode does not count."""
    stream = fill(settings, TASK, records, tell)
    done: dict[str, list[tuple[float, float]]] = {mode: [] for mode in MODES}
    for number in range(rounds + 1):
        counted = rate(Peer("counting").run(stream))
        tell(f"a consumer that counts: {counted:,.0f}/s")
        for mode in MODES:
            ours = _rate(stream, settings, mode)
            tell(f"columns in {mode} mode: {ours:,.0f}/s, {ours / counted:.2f} of it")
            if number:
                done[mode].append((ours, counted))
    return [figure.of_rounds(done[mode], f"{records:,} records") for mode, figure in MODES.items()]


def _rate(stream: Stream, settings: Settings, mode: Literal["process", "thread"]) -> float:
    """Records a second that became columns, from the tenth part of them to the last."""
    file, addresses = stamps_file(settings.home), Addresses.find(settings)
    flow = workflow(f"bench_{time.time_ns() // 1_000_000}", stream, TASK)
    prepared = prepare(resolve(flow, addresses.registry, settings.home), addresses, settings, 0, fresh=True)
    job = JobSettings(mode=mode, checkpoint_every=CHECKPOINT_EVERY, checkpoints=checkpoints_of(settings), bounded=True)
    job_id = _submit(prepared, job, addresses, settings, (str(file), stream.records // START_UP, stream.records))
    with FlinkRest(addresses.flink) as flink:
        finished(flink, job_id)
    stamps = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    if len(stamps) != 2:
        raise Fatal(f"{len(stamps)} instants were told of {stream.records} records, expected 2")
    (began_at, before), (ended_at, taken) = ((float(at), int(count)) for at, count in stamps)
    return (taken - before) / (ended_at - began_at)


def _submit(
    prepared: Prepared, job: JobSettings, addresses: Addresses, settings: Settings, told: tuple[str, int, int]
) -> str:
    """Start a job that has the source, the gate and the frames of a workflow, and behind these nothing but columns."""
    from pyflink.common import Types

    from benchmarks.columns_operator import ToColumns

    gateway.prepare(settings.home)
    spec, plan = prepared.spec, prepared.spec.plan
    [source], [part] = plan.sources, plan.parts
    environment = open_environment(plan.workflow, job, addresses.flink)
    kafka, contract = Kafka(plan.workflow, prepared.cluster, job), contract_of(source, spec, prepared.cluster)
    blocks = kafka.read(environment._j_stream_execution_environment, source, contract)
    frames = to_frames(part, {part.name: blocks}, job, spread(part.shards), in_order=False)
    frames.process(ToColumns(dump(spec), *told), Types.PRIMITIVE_ARRAY(Types.BYTE())).name("columns").uid("columns")
    return submit(environment, plan.workflow)
