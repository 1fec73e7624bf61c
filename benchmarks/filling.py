"""The topic of a task, made and filled unless it is there, and the topics that the peers write."""

from __future__ import annotations

import json

from benchmarks.figures import Tell
from benchmarks.headrace_job import PARTITIONS
from benchmarks.peer import Peer, Stream
from benchmarks.peers.tasks import Task
from engine.settings import Addresses, Settings
from schemas.errors import Fatal
from schemas.registry import Registry
from sources.kafka_admin import KafkaAdmin


def fill(settings: Settings, task: Task, records: int, tell: Tell) -> Stream:
    """The topic that all read. Raises Fatal where it holds something else."""
    addresses = Addresses.find(settings)
    stream = Stream(addresses.kafka, task.stream(records), records)
    with Registry(addresses.registry) as registry:
        schema_id = registry.register(f"{stream.topic}-value", json.loads(task.schema_file.read_text()))
    with KafkaAdmin(addresses.kafka) as admin:
        for peer in ("bytewax", "quix"):
            admin.create(f"{stream.topic}.{peer}", PARTITIONS)
        admin.create(stream.topic, PARTITIONS)
        there = sum(admin.facts(stream.topic).end_offsets.values())
    if there == 0:
        said = {"BENCH_PARTITIONS": str(PARTITIONS), "BENCH_SCHEMA_ID": str(schema_id)}
        filled = Peer.of(task, "fill", said).run(stream)
        tell(f"{records:,} {task.record}s of {filled['record_bytes']} bytes in {PARTITIONS} partitions")
    elif there != records:
        raise Fatal(f'topic "{stream.topic}": holds {there} records, expected {records}', hint="delete it")
    return stream
