"""What runs: a workflow with every name resolved and every schema known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from engine.workflow import Connection, DataSink
from models.stage import Kind, Stage
from schemas.fields import field_type, plain_type
from sinks import Collector, Console, FeatureStore, Folder, ModelStore, SqlTable, Topic
from sources import KafkaTopic

DEAD_LETTERS = 0  # position of the dead letters among a plan's topics
PARTITION_BITS = 16  # of the number of a partition, engine/jvm/headrace/Partitions.java; above them that of its topic
PARTITION_MASK = (1 << PARTITION_BITS) - 1
NO_PARTITION = -1  # that of the records that connectors make

Schema = dict[str, Any]


class Reading(Enum):
    """How a source is read: record by record, as a table that is held, or as one that goes on to change."""

    STREAM = "stream"
    TABLE = "table"
    CHANGING_TABLE = "changing table"


def dead_topic(workflow: str) -> str:
    """The topic of a workflow's dead letters."""
    return f"{workflow}.dead"


def redrive_topic(workflow: str) -> str:
    """The topic of a workflow's dead letters that were sent again."""
    return f"{workflow}.redrive"


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


Stream = PlannedSource | PlannedConnection


@dataclass(frozen=True)
class Plan:
    """What runs: sources, what connects them, stages in a row, and their sinks.

    `streams` are sources and connections, each after those that it reads, and a number in a frame says from which of
    them a record is; the last one feeds the stages. `shard_key` is the field that decides a record's shard, None for
    one global shard; `topics` the topics written to, dead letters first. The share `max_dead` is of `dead_window`
    records. `results` are the Avro schemas of what the sinks of results take, by the name of the sink.
    """

    workflow: str
    order: str
    max_dead: float
    streams: tuple[Stream, ...]
    stages: tuple[Stage, ...]
    sinks: tuple[DataSink, ...]
    shard_key: str | None
    shards: int
    dead_window: int
    results: Mapping[str, Schema]

    @property
    def sources(self) -> tuple[PlannedSource, ...]:
        return tuple(stream for stream in self.streams if isinstance(stream, PlannedSource))

    @property
    def connections(self) -> tuple[PlannedConnection, ...]:
        return tuple(stream for stream in self.streams if isinstance(stream, PlannedConnection))

    @property
    def feed(self) -> Stream:
        """The stream that feeds the stages."""
        return self.streams[-1]

    @property
    def reader(self) -> Schema:
        """The Avro schema of the records that the stages take in."""
        return self.feed.schema

    @property
    def estimator(self) -> Stage | None:
        """The stage that predicts and learns, if there is one."""
        return self.stages[-1] if self.stages[-1].kind is not Kind.TRANSFORMER else None

    @property
    def by_topic(self) -> bool:
        """Whether results name the topic of their record, as records come from several."""
        return isinstance(self.feed, PlannedSource) and not self.feed.topic.is_one

    @property
    def topics(self) -> tuple[str, ...]:
        return (dead_topic(self.workflow), *(self.topic_of(sink) for sink in self.topic_sinks))

    @property
    def redrive_topic(self) -> str:
        """Where dead letters are that were sent again."""
        return redrive_topic(self.workflow)

    def topic_of(self, sink: DataSink) -> str:
        """The topic that a sink writes to; a console has one of its own."""
        return sink.sink.topic if isinstance(sink.sink, Topic) else f"{self.workflow}.{sink.name}"

    @property
    def topic_sinks(self) -> tuple[DataSink, ...]:
        return tuple(sink for sink in self.sinks if isinstance(sink.sink, Topic | Console))

    @property
    def folder_sinks(self) -> tuple[DataSink, ...]:
        """The sinks that write files, whose places in an output frame follow those of the topics."""
        return tuple(sink for sink in self.sinks if isinstance(sink.sink, Folder))

    @property
    def table_sinks(self) -> tuple[DataSink, ...]:
        """The sinks of results that a worker writes to itself."""
        return tuple(sink for sink in self.sinks if isinstance(sink.sink, SqlTable | Collector))

    @property
    def result_sinks(self) -> tuple[DataSink, ...]:
        """Those that take predictions, or features as they are: first what leaves in frames, in the order there."""
        return (*self.topic_sinks, *self.folder_sinks, *self.table_sinks)

    @property
    def feature_sinks(self) -> tuple[DataSink, ...]:
        return tuple(sink for sink in self.sinks if isinstance(sink.sink, FeatureStore))

    @property
    def model_sinks(self) -> tuple[DataSink, ...]:
        return tuple(sink for sink in self.sinks if isinstance(sink.sink, ModelStore))

    @property
    def label_type(self) -> str:
        """The Avro type of the label, null aside; "double" for every kind of float."""
        assert self.estimator is not None
        assert self.estimator.label is not None
        kind = plain_type(field_type(self.reader, self.estimator.label))
        return "double" if kind == "float" or self.estimator.kind is Kind.REGRESSOR else kind
