"""A part of a plan: what one operator in Python runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.connectors import FeatureLookup
from engine.plan.sinks import Sinks
from engine.plan.streams import PlannedPipeline, PlannedSource, Schema, Stream
from models.fields import Fields, Unknown
from models.stage import Kind, Stage
from models.state import learns
from schemas.fields import field_type, plain_type

if TYPE_CHECKING:
    from models.compiled.choosing import Choice


@dataclass(frozen=True)
class Part:
    """The pipelines and the sinks on one stream.

    `stages` are the pipelines, each after the one that it reads, an estimator last; `inputs` says which node each of
    them reads, the stream or another stage; `lookups` are the stages that look features up. `given` are the pipelines
    that connectors read. `shard_key` is the field that decides a record's shard, None for one global shard. `fields`
    says what each node gives, the stream included; `results` are the Avro schemas of what the sinks of results and the
    connectors take, by the name of the sink or the pipeline.
    """

    feed: Stream
    stages: tuple[Stage, ...]
    inputs: Mapping[str, str]
    lookups: Mapping[str, FeatureLookup]
    sinks: Sinks
    given: tuple[PlannedPipeline, ...]
    shard_key: str | None
    shards: int
    fields: Mapping[str, Fields]
    results: Mapping[str, Schema]

    @property
    def name(self) -> str:
        """That of its stream."""
        return self.feed.name

    @property
    def reader(self) -> Schema:
        """The Avro schema of the records that it takes in."""
        return self.feed.schema

    @property
    def estimator(self) -> Stage | None:
        """The stage that predicts and learns, if there is one."""
        return self.stages[-1] if self.stages and self.stages[-1].kind is not Kind.TRANSFORMER else None

    @property
    def learns(self) -> bool:
        """Whether a record changes a model or a transformer."""
        return self.estimator is not None or any(learns(stage.pipeline) for stage in self.stages)

    def choice(self) -> Choice | None:
        """How its estimator learns, None without one."""
        from models.compiled.choosing import choose  # takes a second, and most commands need none

        if self.estimator is None:
            return None
        before = self.inputs[self.estimator.name]
        fields = self.fields[before]
        if before == self.name and not isinstance(fields, Unknown):
            fields = {name: kind for name, kind in fields.items() if name != self.estimator.label}
        return choose(self.estimator, fields)

    @property
    def by_topic(self) -> bool:
        """Whether results name the topic of their record, as records come from several."""
        return isinstance(self.feed, PlannedSource) and not self.feed.topic.is_one

    @property
    def shows_records(self) -> bool:
        """Whether a sink takes the records of the stream as they are."""
        return any(sink.input == self.name for sink in self.sinks)

    @property
    def prediction_type(self) -> str:
        """The Avro type of what it predicts, null aside."""
        assert self.estimator is not None
        if self.estimator.kind is Kind.CLUSTERER:
            return "long"
        if self.estimator.label is None or self.estimator.kind is Kind.REGRESSOR:
            return "double"
        return plain_type(field_type(self.reader, self.estimator.label))

    @property
    def classifies(self) -> bool:
        """Whether what it predicts are classes, which may have probabilities."""
        return self.estimator is not None and self.estimator.kind is Kind.CLASSIFIER
