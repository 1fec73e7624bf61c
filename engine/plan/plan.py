"""What runs: streams, and the parts that learn from them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.plan.part import Part
from engine.plan.sinks import Sinks
from engine.plan.streams import PlannedConnection, PlannedPipeline, PlannedSource, Schema, Stream
from engine.workflow import DataSink
from models.stage import Stage
from sinks import Topic

DEAD_LETTERS = 0  # position of the dead letters among a plan's destinations


def dead_topic(workflow: str) -> str:
    """The topic of a workflow's dead letters."""
    return f"{workflow}.dead"


def redrive_topic(workflow: str) -> str:
    """The topic of a workflow's dead letters that were sent again."""
    return f"{workflow}.redrive"


@dataclass(frozen=True)
class Plan:
    """What runs: streams, each after those that it reads, and a part for each stream that has pipelines or sinks.

    A number in a frame says from which of `streams` a record is. The share `max_dead` is of `dead_window` records.
    """

    workflow: str
    order: str
    max_dead: float
    dead_window: int
    streams: tuple[Stream, ...]
    parts: tuple[Part, ...]

    @property
    def sources(self) -> tuple[PlannedSource, ...]:
        return tuple(stream for stream in self.streams if isinstance(stream, PlannedSource))

    @property
    def connections(self) -> tuple[PlannedConnection, ...]:
        return tuple(stream for stream in self.streams if isinstance(stream, PlannedConnection))

    def part(self, stream: str) -> Part | None:
        """The part on a stream, if it has pipelines or sinks."""
        return next((part for part in self.parts if part.name == stream), None)

    def sorts(self, part: Part) -> bool:
        """Whether a part takes its records in event-time order; sinks alone need none, and wait for no watermark."""
        return self.order == "event_time" and bool(part.stages)

    def is_connected(self, stream: str) -> bool:
        """Whether a connector reads the stream."""
        return any(stream in connection.node.inputs for connection in self.connections)

    @property
    def stages(self) -> tuple[Stage, ...]:
        return tuple(stage for part in self.parts for stage in part.stages)

    @property
    def sinks(self) -> Sinks:
        return Sinks(sink for part in self.parts for sink in part.sinks)

    @property
    def results(self) -> dict[str, Schema]:
        """The Avro schemas of what sinks of results and connectors take, by the name of the sink or the pipeline."""
        return {name: schema for part in self.parts for name, schema in part.results.items()}

    @property
    def learner(self) -> Part | None:
        """The part with the estimator, if there is one."""
        return next((part for part in self.parts if part.estimator is not None), None)

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics written to, dead letters first."""
        return (dead_topic(self.workflow), *(self.topic_of(sink) for sink in self.sinks.topics))

    @property
    def redrive_topic(self) -> str:
        """Where dead letters are that were sent again."""
        return redrive_topic(self.workflow)

    def topic_of(self, sink: DataSink) -> str:
        """The topic that a sink writes to; a console has one of its own."""
        return sink.sink.topic if isinstance(sink.sink, Topic) else f"{self.workflow}.{sink.name}"

    @property
    def destinations(self) -> tuple[str, ...]:
        """What a record in an output frame may be for: the topics, then the folders, then connectors, by their nodes.

        The dead letters come first, and are for no node.
        """
        given = (stream.name for stream in self.streams if isinstance(stream, PlannedPipeline))
        sinks = (*self.sinks.topics, *self.sinks.folders)
        return ("", *(sink.name for sink in sinks), *given)
