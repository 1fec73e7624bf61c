"""Records for the tests of jobs: readings of weather stations, the same ones at the same positions."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from engine.local.platform import Platform
from schemas.codec import Encoder
from schemas.registry import Registry
from sources import KafkaTopic, Span
from sources.kafka_admin import KafkaAdmin
from sources.kafka_span import WHOLE
from sources.kafka_writer import TopicWriter

PARTITIONS = 4
LATENESS_MS = 1_000
SPACING_MS = 10
STATIONS = ("ayr", "brig", "como", "davos", "enns", "flims", "goms")
FIRST_AT = 1_700_000_000_000  # ms since the epoch
INSTANT = {"type": "long", "logicalType": "timestamp-millis"}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Reading",
    "namespace": "headrace.tests",
    "fields": [
        {"name": "at", "type": INSTANT},
        {"name": "station", "type": "string"},
        {"name": "warmth", "type": "double"},
        {"name": "wind", "type": "double"},
        {"name": "rain", "type": ["null", "boolean"]},
    ],
}

Reading = dict[str, Any]
Coordinates = tuple[int, int]  # partition and offset of a record in the topic that is read


def readings(count: int, start: int = 0) -> list[Reading]:
    """The readings from position `start` on, of which one in ten has no outcome.

    Their times are out of order, but never by as much as the lateness.
    """
    return [_reading(random.Random(position), position) for position in range(start, start + count)]


def apart(records: Iterable[Reading]) -> list[Reading]:
    """The same readings, in the order of their times, of which no two are the same."""
    return [{**record, "at": FIRST_AT + SPACING_MS * position} for position, record in enumerate(records)]


def shuffled(records: Iterable[Reading], seed: str) -> list[Reading]:
    """The readings out of order, but none late."""
    chance = random.Random(seed)
    return sorted(records, key=lambda record: record["at"] + chance.randrange(LATENESS_MS))


def released(records: Sequence[Reading]) -> list[Reading]:
    """The records of a feed that the watermark has let through, while more may come."""
    watermark = min(max(record["at"] for record in records[p::PARTITIONS]) for p in range(PARTITIONS)) - LATENESS_MS - 1
    return [record for record in records if record["at"] <= watermark]


def _reading(chance: random.Random, position: int) -> Reading:
    warmth, wind = chance.gauss(12.0, 6.0), chance.expovariate(0.2)
    rain = chance.random() < (0.8 if wind > warmth / 2 else 0.1)
    return {
        "at": FIRST_AT + SPACING_MS * position + chance.randrange(LATENESS_MS // 2),
        "station": chance.choice(STATIONS),
        "warmth": warmth,
        "wind": wind,
        "rain": None if chance.random() < 0.1 else rain,
    }


@dataclass(frozen=True)
class Feed:
    """A topic that readings are written to, to its partitions in turn.

    `written` are the readings in it, in their order, and `end` is where each partition ends.
    """

    topic: str
    writer: TopicWriter
    encoder: Encoder
    written: list[Reading] = field(default_factory=list)
    end: list[int] = field(default_factory=lambda: [0] * PARTITIONS)

    def write(self, count: int) -> None:
        """Write that many readings more, and wait until the broker has them."""
        for record in readings(count, len(self.written)):
            self.put(self.encoder.encode(record), len(self.written) % PARTITIONS)
            self.written.append(record)
        self.writer.flush()

    def pour(self, records: Iterable[Reading]) -> None:
        """Write these readings, and wait until the broker has them."""
        for record in records:
            self.add(record)
        self.writer.flush()

    def add(self, record: Reading) -> None:
        """Write a reading to the partition that its time names."""
        self.put(self.encoder.encode(record), record["at"] // SPACING_MS % PARTITIONS)
        self.written.append(record)

    def put(self, value: bytes | None, partition: int, key: bytes | None = None) -> Coordinates:
        """Write any bytes, and say where they are going to be."""
        self.writer.write(self.topic, value, key, partition)
        self.end[partition] += 1
        return partition, self.end[partition] - 1

    def source(self, idle: str = "30s", span: Span = WHOLE) -> KafkaTopic:
        return KafkaTopic(self.topic, event_time="at", lateness=f"{LATENESS_MS}ms", idle=idle, span=span)


@contextmanager
def feed(
    platform: Platform, config: dict[str, str] | None = None, *, topic: str | None = None, kafka: str | None = None
) -> Iterator[Feed]:
    """A fresh topic, with settings of Kafka's, on the platform's broker or another one."""
    topic = topic or f"readings_{uuid4().hex[:8]}"
    with KafkaAdmin(kafka or platform.addresses.kafka) as admin:
        admin.create(topic, PARTITIONS, config)
    with Registry(platform.addresses.registry) as registry:
        schema_id = registry.register(f"{topic}-value", SCHEMA)
    with TopicWriter(kafka or platform.addresses.kafka) as writer:
        yield Feed(topic, writer, Encoder(SCHEMA, schema_id))
