"""The topics that joins and windows are measured with: readings, and the levels that belong to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Tell
from benchmarks.headrace_job import PARTITIONS
from benchmarks.peer import Peer, Stream
from engine.settings import Addresses, Settings
from schemas.errors import Fatal
from schemas.registry import Registry
from sources import KafkaTopic
from sources.kafka_admin import KafkaAdmin

KINDS = ("reading", "level")
LATENESS = "10s"
ORIGINS = 1_000
STEP_MS = 100


@dataclass(frozen=True)
class Events:
    """A topic of readings and one of levels, `records` in each: a step apart, from one of `origins` after the other.

    >>> Events("readings_10", "levels_10", 10).source("level").topic
    'levels_10'
    """

    readings: str
    levels: str
    records: int
    origins: int = ORIGINS
    step_ms: int = STEP_MS

    def topic(self, kind: str) -> str:
        return self.readings if kind == "reading" else self.levels

    def source(self, kind: str) -> KafkaTopic:
        """A topic as a source; while one is filled after the other, a quiet one is waited for."""
        schema = str(schema_file(kind))
        return KafkaTopic(self.topic(kind), event_time="at", lateness=LATENESS, schema=schema, idle="1h")


def schema_file(kind: str) -> Path:
    """Where the Avro schema of a kind of record is."""
    return Path(__file__).parent / f"{kind}.avsc"


def fill(settings: Settings, events: Events, tell: Tell) -> Events:
    """Make and fill the topics that are not there yet."""
    for kind in KINDS:
        extend(settings, events, kind, 0, tell)
    return events


def extend(settings: Settings, events: Events, kind: str, begin: int, tell: Tell) -> None:
    """Bring a topic from `begin` records to as many as there are to be; nothing is done if they are there already."""
    addresses, topic = Addresses.find(settings), events.topic(kind)
    with Registry(addresses.registry) as registry:
        schema_id = registry.register(f"{topic}-value", json.loads(schema_file(kind).read_text()))
    with KafkaAdmin(addresses.kafka) as admin:
        admin.create(topic, PARTITIONS, {"retention.ms": "-1"})  # event times are their timestamps, for Quix
        there = sum(admin.facts(topic).end_offsets.values())
    if there == begin:
        wanted = {"PARTITIONS": PARTITIONS, "SCHEMA_ID": schema_id, "KIND": kind, "FROM": begin}
        wanted |= {"ORIGINS": events.origins, "STEP_MS": events.step_ms}
        said = {f"BENCH_{name}": str(value) for name, value in wanted.items()}
        filled = Peer("fill_events", said).run(Stream(addresses.kafka, topic, events.records - begin))
        tell(f"{filled['records']:,} records of {filled['record_bytes']} bytes in {topic}")
    elif there != events.records:
        raise Fatal(f'topic "{topic}": holds {there} records, expected {events.records}', hint="delete it")
