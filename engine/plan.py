"""From a workflow to a plan: every name resolved, every schema known, everything that can be checked checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.workflow import DataSink, DataSource, Pipeline, Workflow
from models.stage import Kind, Stage
from models.state import learns, state_keys
from schemas.avro import load_schema
from schemas.errors import Fatal
from sinks import FeatureStore, ModelStore, Topic
from sources import KafkaTopic

DEFAULT_SHARDS = 32
DEAD_LETTERS = 0  # position of the dead letters among a plan's topics

Schema = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What runs: one source, stages in a row, and their sinks.

    `reader` is the Avro schema that records are read with; `shard_key` the field that decides a record's shard, None
    for one global shard; `topics` the topics written to, dead letters first.
    """

    workflow: str
    order: str
    max_dead: float
    source: DataSource
    reader: Schema
    stages: tuple[Stage, ...]
    sinks: tuple[DataSink, ...]
    shard_key: str | None
    shards: int

    @property
    def topic(self) -> KafkaTopic:
        return self.source.source

    @property
    def estimator(self) -> Stage | None:
        """The stage that predicts and learns, if there is one."""
        return self.stages[-1] if self.stages[-1].kind is not Kind.TRANSFORMER else None

    @property
    def topics(self) -> tuple[str, ...]:
        return (f"{self.workflow}.dead", *(sink.sink.topic for sink in self.sinks if isinstance(sink.sink, Topic)))

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
        kind = _plain_type(_field(self.reader, self.estimator.label))
        return "double" if kind == "float" or self.estimator.kind is Kind.REGRESSOR else kind


def make_plan(workflow: Workflow, schema_of: Callable[[KafkaTopic], Schema]) -> Plan:
    """The plan of `workflow`. Raises Fatal, naming the node, where the workflow cannot run.

    >>> from engine.workflow import Workflow
    >>> from river import preprocessing
    >>> flow = Workflow("demo")
    >>> pages = flow.source("pages", KafkaTopic("pages", schema="phishing", event_time="seen_at"))
    >>> _ = flow.pipeline("scaled", pages, preprocessing.StandardScaler())
    >>> make_plan(flow, shipped_schema).topics
    ('demo.dead',)
    """
    source = _only_source(workflow)
    reader = schema_of(source.source)
    stages = tuple(node.stage for node in workflow.nodes if isinstance(node, Pipeline))
    if not stages:
        raise Fatal(f'workflow "{workflow.name}": has no pipeline', hint="add one with pipeline()")
    _check_event_time(source, reader)
    shard_key = _shard_key(workflow, stages, reader)
    for stage in stages:
        if stage.label is not None:
            _check_label(stage, reader)
        _check_partial_state(stage, shard_key)
    sinks = tuple(node for node in workflow.nodes if isinstance(node, DataSink))
    for sink in sinks:
        if isinstance(sink.sink, FeatureStore):
            _field(reader, sink.sink.entity, f'sink "{sink.name}": entity')
    return Plan(
        workflow.name,
        workflow.order,
        workflow.max_dead,
        source,
        reader,
        stages,
        sinks,
        shard_key,
        (workflow.shards or DEFAULT_SHARDS) if shard_key else 1,
    )


def shipped_schema(topic: KafkaTopic) -> Schema:
    """The schema that a topic names: one that ships, or a path to an .avsc file."""
    if topic.schema is None:
        raise Fatal(f'topic "{topic.topic}": names no schema', hint='KafkaTopic(..., schema="flight") or a path')
    if not topic.schema.endswith(".avsc"):
        return load_schema(topic.schema)
    try:
        schema: Schema = json.loads(Path(topic.schema).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Fatal(f'topic "{topic.topic}": schema "{topic.schema}": {error}') from error
    return schema


def _only_source(workflow: Workflow) -> DataSource:
    sources = [node for node in workflow.nodes if isinstance(node, DataSource)]
    if not sources:
        raise Fatal(f'workflow "{workflow.name}": has no source', hint="add one with source()")
    if len(sources) > 1:
        names = ", ".join(f'"{source.name}"' for source in sources)
        raise Fatal(f'workflow "{workflow.name}": has {len(sources)} sources ({names}), and nothing joins them')
    return sources[0]


def _check_event_time(source: DataSource, reader: Schema) -> None:
    name = source.source.event_time
    if name is None:
        return
    kind = _plain_type(_field(reader, name, f'source "{source.name}": event time'))
    if kind != "long":
        hint = "use a long with logicalType timestamp-millis or timestamp-micros"
        raise Fatal(f'source "{source.name}": event time "{name}" is of type {kind}', hint=hint)


def _shard_key(workflow: Workflow, stages: tuple[Stage, ...], reader: Schema) -> str | None:
    keys = {stage.key for stage in stages if stage.key is not None}
    if not keys:
        if workflow.shards and workflow.shards > 1:
            hint = "give a pipeline a key, whose values then have a model each"
            raise Fatal(
                f'workflow "{workflow.name}": {workflow.shards} shards, but no key to tell them apart', hint=hint
            )
        return None
    if len(keys) > 1:
        raise Fatal(f'workflow "{workflow.name}": pipelines are keyed by {" and ".join(sorted(keys))}')
    [key] = keys
    kind = _plain_type(_field(reader, key, f'workflow "{workflow.name}": key'))
    if kind not in ("string", "int", "long"):
        raise Fatal(f'workflow "{workflow.name}": key "{key}" is of type {kind}, expected string, int or long')
    return key


def _check_label(stage: Stage, reader: Schema) -> None:
    assert stage.label is not None
    kind = _plain_type(_field(reader, stage.label, f'pipeline "{stage.name}": label'))
    numbers, classes = ("float", "double", "int", "long"), ("boolean", "string", "int", "long")
    expected = numbers if stage.kind is Kind.REGRESSOR else classes
    if kind not in expected:
        raise Fatal(
            f'pipeline "{stage.name}": label "{stage.label}" is of type {kind}, '
            f"a {stage.kind.value} needs {', '.join(expected)}"
        )


def _check_partial_state(stage: Stage, shard_key: str | None) -> None:
    if shard_key is None:
        return
    for by in sorted(state_keys(stage.pipeline)):
        if by != shard_key:
            raise Fatal(
                f'pipeline "{stage.name}": keeps state by "{by}", but the workflow is sharded by "{shard_key}"',
                hint="each shard would see only a part of it: use one key for both, or no key",
            )
    if stage.key is None and learns(stage.pipeline):
        raise Fatal(
            f'pipeline "{stage.name}": learns, and the workflow is sharded by "{shard_key}"',
            hint=f'give it key="{shard_key}" too, so that its state is whole',
        )


def _field(reader: Schema, name: str, what: str = "field") -> Any:
    for field in reader["fields"]:
        if field["name"] == name:
            return field["type"]
    there = ", ".join(field["name"] for field in reader["fields"])
    raise Fatal(f'{what} "{name}": schema "{reader["name"]}" has no such field', hint=f"it has {there}")


def _plain_type(kind: Any) -> str:
    if isinstance(kind, list):
        [kind, *more] = [branch for branch in kind if branch != "null"] or ["null"]
        return "union" if more else _plain_type(kind)
    return _plain_type(kind["type"]) if isinstance(kind, dict) else str(kind)
