"""The same million records through everything, round by round, so that all share the machine's moods."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from statistics import median

from benchmarks import figures, headrace_job
from benchmarks.figures import Row, Tell
from benchmarks.headrace_job import PARTITIONS, SCHEMA_FILE
from benchmarks.peer import Peer, Stream, rate, run_bytewax
from engine.settings import Addresses, Settings
from schemas.errors import Fatal
from schemas.registry import Registry
from sources.kafka_admin import KafkaAdmin

BYTEWAX_SNAPSHOT_S = 5
QUIX_RECORDS = 100_000  # it takes several times as long as the others, and its rate is steady
SMALL_BATCH, LARGE_BATCH = 256, 1024


@dataclass(frozen=True)
class Round:
    """Records a second of each."""

    bare: float
    headrace: float
    bytewax: float
    batches: float


def measure(settings: Settings, records: int, rounds: int, tell: Tell) -> list[Row]:
    """The figures about records a second, after a run of ours that does not count."""
    stream = fill(settings, records, tell)
    tell("a run to warm up, in which the JVMs compile what they run:")
    _headrace(stream, settings, None, tell)
    done = [_round(stream, settings, tell) for _ in range(rounds)]
    small = _headrace(stream, settings, SMALL_BATCH, tell)
    quix = rate(Peer("quix_app").run(replace(stream, records=min(records, QUIX_RECORDS))))
    tell(f"Quix Streams, exactly once, model in its state: {quix:,.0f}/s")
    headrace, bytewax = median(r.headrace for r in done), median(r.bytewax for r in done)
    how = f"{records:,} records, median of the ratios of {rounds} rounds: {headrace:,.0f}/s against "
    bare = median(r.bare for r in done)
    return [
        figures.BARE.row(median(r.headrace / r.bare for r in done), f"{how}{bare:,.0f}/s"),
        figures.BYTEWAX.row(median(r.headrace / r.bytewax for r in done), f"{how}{bytewax:,.0f}/s"),
        figures.QUIX.row(headrace / quix, f"{headrace:,.0f}/s against {quix:,.0f}/s over {QUIX_RECORDS:,} records"),
        figures.SMALL_BATCHES.row(small / bytewax, f"{small:,.0f}/s against {bytewax:,.0f}/s"),
        figures.BATCHES.row(
            median(r.batches / r.bytewax for r in done),
            f"as above: {median(r.batches for r in done):,.0f}/s against {bytewax:,.0f}/s",
        ),
    ]


def fill(settings: Settings, records: int, tell: Tell) -> Stream:
    """The topic that all read, made and filled unless it is there; and the topics that the peers write."""
    addresses = Addresses.find(settings)
    stream = Stream(addresses.kafka, f"pages_{records}", records)
    with Registry(addresses.registry) as registry:
        schema_id = registry.register(f"{stream.topic}-value", json.loads(SCHEMA_FILE.read_text()))
    with KafkaAdmin(addresses.kafka) as admin:
        for peer in ("bytewax", "quix"):
            admin.create(f"{stream.topic}.{peer}", PARTITIONS)
        admin.create(stream.topic, PARTITIONS)
        there = sum(admin.facts(stream.topic).end_offsets.values())
    if there == 0:
        settings_of_fill = {"BENCH_PARTITIONS": str(PARTITIONS), "BENCH_SCHEMA_ID": str(schema_id)}
        filled = Peer("fill", settings_of_fill).run(stream)
        tell(f"{records:,} records of {filled['record_bytes']} bytes in {PARTITIONS} partitions")
    elif there != records:
        raise Fatal(f'topic "{stream.topic}": holds {there} records, expected {records}', hint="delete it")
    return stream


def _round(stream: Stream, settings: Settings, tell: Tell) -> Round:
    bare = rate(Peer("bare").run(stream))
    tell(f"bare loop: {bare:,.0f}/s")
    headrace = _headrace(stream, settings, None, tell)
    bytewax = rate(run_bytewax(Peer("bytewax_flow"), stream, BYTEWAX_SNAPSHOT_S))
    tell(
        f"Bytewax: {bytewax:,.0f}/s; Headrace is at {headrace / bare:.2f} of bare, {headrace / bytewax:.2f} of Bytewax"
    )
    return Round(bare, headrace, bytewax, _headrace(stream, settings, LARGE_BATCH, tell))


def _headrace(stream: Stream, settings: Settings, batch: int | None, tell: Tell) -> float:
    run = headrace_job.run(stream, settings, batch)
    learning = f"learn_many by {batch}" if batch else "record by record"
    tell(
        f"Headrace, {learning}: {run.rate:,.0f}/s, {run.checkpoints} checkpoints, {run.distinct:,} distinct predictions"
    )
    if not run.read == run.distinct == stream.records:
        raise Fatal(f"{stream.records} records gave {run.read} predictions, {run.distinct} of them distinct")
    if batch is None and run.checkpoints < headrace_job.LEAST_CHECKPOINTS:
        tell(f"only {run.checkpoints} checkpoints within the span: take more records")
    return run.rate
