"""From the pipelines and the sinks on one stream to a part of a plan, and all that can be checked of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from engine.connectors import FeatureLookup
from engine.plan import Part, PlannedPipeline, Schema, Sinks, Stream
from engine.result_schemas import result_schemas
from engine.workflow import Connection, DataSink, Node, Pipeline, Workflow
from models.fields import Fields, expect, output_schema
from models.river_fields import stage_fields
from models.stage import Kind, Stage
from models.state import learns, state_keys
from schemas.errors import Fatal
from schemas.fields import field_type, plain_type
from sinks import FeatureStore

DEFAULT_SHARDS = 32
_KEYS = ("string", "int", "long")


def plan_part(workflow: Workflow, feed: Stream, connected: Collection[str]) -> Part | None:
    """What is to run on a stream, None where it has neither pipelines nor sinks. Raises Fatal, naming the node.

    `connected` are the nodes that connectors read.
    """
    pipelines = _pipelines_on(workflow, feed.name)
    nodes = {feed.name, *(pipeline.name for pipeline in pipelines)}
    sinks = Sinks(node for node in workflow.nodes if isinstance(node, DataSink) and node.input in nodes)
    if not pipelines and not sinks:
        return None
    lookups = _lookups(workflow, feed.schema, nodes)
    stages = tuple(pipeline.stage for pipeline in pipelines)
    inputs = {pipeline.name: pipeline.input for pipeline in pipelines}
    shard_key = _shard_key(workflow, stages, feed.schema)
    for stage in stages:
        if stage.label is not None:
            _check_label(stage, feed.schema)
        _check_partial_state(stage, shard_key)
    fields = _fields(feed, stages, inputs)
    _check_features(feed.schema, sinks, fields)
    given = tuple(_given(feed, name, fields[name]) for name in inputs if name in connected)
    shards = (workflow.shards or DEFAULT_SHARDS) if shard_key else 1
    part = Part(
        feed=feed,
        stages=stages,
        inputs=inputs,
        lookups=lookups,
        sinks=sinks,
        given=given,
        shard_key=shard_key,
        shards=shards,
        fields=fields,
        results={},
    )
    return replace(part, results=result_schemas(part))


def _pipelines_on(workflow: Workflow, stream: str) -> list[Pipeline]:
    """The pipelines on a stream, each after the one that it reads, an estimator last; lookups of features are some."""
    nodes, found = {stream}, []
    for node in workflow.nodes:
        pipeline = _pipeline(node)
        if pipeline is not None and pipeline.input in nodes:
            nodes.add(pipeline.name)
            found.append(pipeline)
    return sorted(found, key=lambda node: node.stage.kind is not Kind.TRANSFORMER)


def _pipeline(node: Node) -> Pipeline | None:
    """A pipeline, or a lookup of features as one."""
    if isinstance(node, Connection) and isinstance(node.connector, FeatureLookup):
        return Pipeline(node.name, node.connector.left, Stage(node.name, node.connector.transformer))
    return node if isinstance(node, Pipeline) else None


def _lookups(workflow: Workflow, reader: Schema, nodes: Collection[str]) -> dict[str, FeatureLookup]:
    """The lookups of features among the nodes on a stream. Raises Fatal where one cannot be."""
    found = {}
    for node in workflow.nodes:
        if node.name in nodes and isinstance(node, Connection) and isinstance(node.connector, FeatureLookup):
            found[node.name] = node.connector
            who = f'connector "{node.name}"'
            if workflow.order == "event_time":
                raise Fatal(
                    f'{who}: what Redis holds changes under the stream, so that order="event_time" cannot promise the '
                    "same result each time",
                    hint='use order="arrival", or make the features here, with Over or a rolling transformer',
                )
            kind = plain_type(field_type(reader, node.connector.on, f"{who}: on"))
            if kind not in _KEYS:
                raise Fatal(f'{who}: "{node.connector.on}" is of type {kind}, expected {", ".join(_KEYS)}')
    return found


def _fields(feed: Stream, stages: tuple[Stage, ...], inputs: Mapping[str, str]) -> dict[str, Fields]:
    """What each node on a stream gives, the stream itself included; of an estimator, what it is given."""
    records: Fields = {field["name"]: field["type"] for field in feed.schema["fields"]}
    return {feed.name: records, **stage_fields(stages, feed.schema, inputs)}


def _given(feed: Stream, name: str, fields: Fields) -> PlannedPipeline:
    """What a pipeline gives to connectors. Raises Fatal where that is not known, or has no event time."""
    if feed.event_time is None:
        raise Fatal(
            f'pipeline "{name}": feeds a connector, but source "{feed.name}" declares no event time',
            hint="KafkaTopic(..., event_time=...)",
        )
    try:
        schema = output_schema(name, fields, feed.event_time)
    except Fatal as error:
        raise Fatal(f'pipeline "{name}": feeds a connector; {error.message}', hint=error.hint) from error
    return PlannedPipeline(name, feed.name, schema, feed.event_time)


def _check_features(reader: Schema, sinks: Sinks, fields: Mapping[str, Fields]) -> None:
    for sink in sinks.features:
        assert isinstance(sink.sink, FeatureStore)
        field_type(reader, sink.sink.entity, f'sink "{sink.name}": entity')
        expect(fields[sink.input], sink.sink.features or (), f'sink "{sink.name}"')


def _shard_key(workflow: Workflow, stages: tuple[Stage, ...], reader: Schema) -> str | None:
    keys = {stage.key for stage in stages if stage.key is not None}
    if not keys:
        return None
    if len(keys) > 1:
        raise Fatal(f'workflow "{workflow.name}": pipelines are keyed by {" and ".join(sorted(keys))}')
    [key] = keys
    kind = plain_type(field_type(reader, key, f'workflow "{workflow.name}": key'))
    if kind not in _KEYS:
        raise Fatal(f'workflow "{workflow.name}": key "{key}" is of type {kind}, expected {", ".join(_KEYS)}')
    return key


def _check_label(stage: Stage, reader: Schema) -> None:
    assert stage.label is not None
    kind = plain_type(field_type(reader, stage.label, f'pipeline "{stage.name}": label'))
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
    for keys in sorted(state_keys(stage.pipeline)):
        if shard_key not in keys:
            by = ", ".join(keys)
            raise Fatal(
                f'pipeline "{stage.name}": keeps state by "{by}", but its stream is sharded by "{shard_key}"',
                hint="each shard would see only a part of it: use one key for both, or no key",
            )
    if stage.key is None and learns(stage.pipeline):
        raise Fatal(
            f'pipeline "{stage.name}": learns, and its stream is sharded by "{shard_key}"',
            hint=f'give it key="{shard_key}" too, so that its state is whole',
        )
