"""The streams of a plan: what sources read, what connectors make, and what pipelines give to connectors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from engine.workflow import Connection
from sources import KafkaTopic

PARTITION_BITS = 16  # of the number of a partition, engine/jvm/headrace/Partitions.java; above them that of its topic
PARTITION_MASK = (1 << PARTITION_BITS) - 1
NO_PARTITION = -1  # that of the records that connectors make

Schema = dict[str, Any]


class Reading(Enum):
    """How a source is read: record by record, as a table that is held, or as one that goes on to change."""

    STREAM = "stream"
    TABLE = "table"
    CHANGING_TABLE = "changing table"


@dataclass(frozen=True)
class PlannedSource:
    """Topics that are read, and the Avro schema that their records are read with.

    For a pattern, a broker has to say which topics it has `found`, and which it has `ever` found, each at its number.
    """

    name: str
    topic: KafkaTopic
    schema: Schema
    reading: Reading = Reading.STREAM
    found: tuple[str, ...] = ()
    ever: tuple[str, ...] = ()

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that are read."""
        return self.topic.names or self.found

    @property
    def numbered(self) -> tuple[str, ...]:
        """Each topic at its number, by which a frame tells them apart."""
        return self.topic.names or self.ever

    @property
    def is_pattern(self) -> bool:
        """Whether a broker has to say which topics are read."""
        return not self.topic.names

    def place(self, number: int) -> tuple[str, int]:
        """The topic and the partition that the number of a partition in a frame stands for."""
        return self.numbered[number >> PARTITION_BITS], number & PARTITION_MASK

    @property
    def event_time(self) -> str | None:
        """The field with the event time; a table has none."""
        return self.topic.event_time if self.reading is Reading.STREAM else None

    @property
    def origin(self) -> str:
        """Where its records come from, with which their coordinates are told."""
        return self.topic.origin


@dataclass(frozen=True)
class PlannedConnection:
    """A connector, the Avro schema of what it gives, and the field with the event time."""

    node: Connection
    schema: Schema
    event_time: str

    @property
    def name(self) -> str:
        return self.node.name

    def place(self, number: int) -> tuple[str, int]:
        """What stands for the topic and the partition of its records."""
        return self.name, number

    @property
    def origin(self) -> str:
        """Where its records come from, with which their coordinates are told."""
        return self.name


@dataclass(frozen=True)
class PlannedPipeline:
    """What the pipeline `name` on the stream `feed` gives to connectors: its Avro schema, and the event time in it."""

    name: str
    feed: str
    schema: Schema
    event_time: str

    def place(self, number: int) -> tuple[str, int]:
        """What stands for the topic and the partition of its records."""
        return self.name, number

    @property
    def origin(self) -> str:
        """Where its records come from, with which their coordinates are told."""
        return self.name


Stream = PlannedSource | PlannedConnection | PlannedPipeline
