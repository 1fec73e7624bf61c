"""From a workflow to a plan: everything that can be checked before it runs is checked."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import replace

from engine.connectors import Lookup
from engine.plan import Plan, PlannedConnection, PlannedSource, Reading, Schema, Stream
from engine.result_schemas import result_schemas
from engine.workflow import Connection, DataSink, DataSource, Pipeline, Workflow
from models.fields import expect
from models.river_fields import stage_fields
from models.stage import Kind, Stage
from models.state import learns, state_keys
from schemas.avro import read_schema
from schemas.errors import Fatal
from schemas.fields import field_type, plain_type
from sinks import FeatureStore
from sources import KafkaTopic

DEFAULT_SHARDS = 32

Describe = Callable[[Connection, Sequence[Stream]], PlannedConnection]


def make_plan(workflow: Workflow, schema_of: Callable[[KafkaTopic], Schema], describe: Describe | None = None) -> Plan:
    """The plan of `workflow`. Raises Fatal, naming the node, where the workflow cannot run.

    `describe` finds out what a connector makes of its inputs; a workflow without connectors needs none.

    >>> from engine.workflow import Workflow
    >>> from river import preprocessing
    >>> flow = Workflow("demo")
    >>> pages = flow.source("pages", KafkaTopic("pages", schema="phishing", event_time="seen_at"))
    >>> _ = flow.pipeline("scaled", pages, preprocessing.StandardScaler())
    >>> make_plan(flow, shipped_schema).topics
    ('demo.dead',)
    """
    if not any(isinstance(node, DataSource) for node in workflow.nodes):
        raise Fatal(f'workflow "{workflow.name}": has no source', hint="add one with source()")
    stages = tuple(node.stage for node in workflow.nodes if isinstance(node, Pipeline))
    if not stages:
        raise Fatal(f'workflow "{workflow.name}": has no pipeline', hint="add one with pipeline()")
    streams = _streams(workflow, schema_of, describe)
    reader = streams[-1].schema
    shard_key = _shard_key(workflow, stages, reader)
    for stage in stages:
        if stage.label is not None:
            _check_label(stage, reader)
        _check_partial_state(stage, shard_key)
    fields = stage_fields(stages, reader)
    sinks = tuple(node for node in workflow.nodes if isinstance(node, DataSink))
    for sink in sinks:
        if isinstance(sink.sink, FeatureStore):
            field_type(reader, sink.sink.entity, f'sink "{sink.name}": entity')
            expect(fields[sink.input], sink.sink.features or (), f'sink "{sink.name}"')
    shards = (workflow.shards or DEFAULT_SHARDS) if shard_key else 1
    plan = Plan(
        workflow.name,
        workflow.order,
        workflow.max_dead,
        streams,
        stages,
        sinks,
        shard_key,
        shards,
        workflow.dead_window,
        {},
    )
    return replace(plan, results=result_schemas(plan))


def shipped_schema(topic: KafkaTopic) -> Schema:
    """The schema that a topic names: one that ships, or a path to an .avsc file."""
    if topic.schema is None:
        raise Fatal(f'topic "{topic.origin}": names no schema', hint='KafkaTopic(..., schema="flight") or a path')
    return read_schema(topic.schema, f'topic "{topic.origin}"')


def _streams(
    workflow: Workflow, schema_of: Callable[[KafkaTopic], Schema], describe: Describe | None
) -> tuple[Stream, ...]:
    """The sources and connections that feed the first pipeline, which comes last, each after those that it reads."""
    nodes = {node.name: node for node in workflow.nodes}
    first = next(node for node in workflow.nodes if isinstance(node, Pipeline))
    tables = _tables(workflow)
    planned: dict[str, Stream] = {}

    def plan(name: str) -> Stream:
        if name not in planned:
            node = nodes[name]
            if isinstance(node, DataSource):
                source = PlannedSource(name, node.source, schema_of(node.source), tables.get(name, Reading.STREAM))
                _check_event_time(source)
                planned[name] = source
            elif isinstance(node, Connection):
                assert describe is not None
                planned[name] = describe(node, [plan(read) for read in node.inputs])
        return planned[name]

    plan(first.input)
    unread = [node.name for node in workflow.nodes if isinstance(node, DataSource) and node.name not in planned]
    if unread:
        names = ", ".join(f'"{name}"' for name in unread)
        raise Fatal(
            f'workflow "{workflow.name}": nothing of {names} reaches pipeline "{first.name}"',
            hint="connect the streams, for example with Sql, or leave the source out",
        )
    return tuple(planned.values())


def _tables(workflow: Workflow) -> dict[str, Reading]:
    """The sources that lookups read as tables. Raises Fatal where one cannot be a table."""
    found: dict[str, Reading] = {}
    for node in workflow.nodes:
        if not isinstance(node, Connection) or not isinstance(node.connector, Lookup):
            continue
        if node.connector.refresh and workflow.order == "event_time":
            raise Fatal(
                f'connector "{node.name}": its table changes as records come in, so that order="event_time" cannot '
                "promise the same result each time",
                hint='leave refresh out, join as of the table\'s event time with AsOfJoin, or use order="arrival"',
            )
        reading = Reading.CHANGING_TABLE if node.connector.refresh else Reading.TABLE
        _, table = node.inputs
        if found.setdefault(table, reading) is not reading:
            raise Fatal(f'connector "{node.name}": another lookup reads "{table}" with another refresh')
    _check_tables(workflow, found)
    return found


def _check_tables(workflow: Workflow, tables: Container[str]) -> None:
    """Raise Fatal where a table is no source, or read as a stream, too."""
    for node in workflow.nodes:
        if isinstance(node, Connection):
            is_lookup = isinstance(node.connector, Lookup)
            if is_lookup and not any(isinstance(n, DataSource) and n.name == node.inputs[1] for n in workflow.nodes):
                hint = "look up in a source; join streams with AsOfJoin"
                raise Fatal(f'connector "{node.name}": its table "{node.inputs[1]}" is no source', hint=hint)
            for name in node.inputs[:1] if is_lookup else node.inputs:
                if name in tables:
                    hint = "a table is for lookups only: add a second source for the stream"
                    raise Fatal(
                        f'connector "{node.name}": reads "{name}" as a stream, and a lookup as a table', hint=hint
                    )


def _check_event_time(source: PlannedSource) -> None:
    name = source.event_time
    if name is None:
        return
    kind = plain_type(field_type(source.schema, name, f'source "{source.name}": event time'))
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
    kind = plain_type(field_type(reader, key, f'workflow "{workflow.name}": key'))
    if kind not in ("string", "int", "long"):
        raise Fatal(f'workflow "{workflow.name}": key "{key}" is of type {kind}, expected string, int or long')
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
                f'pipeline "{stage.name}": keeps state by "{by}", but the workflow is sharded by "{shard_key}"',
                hint="each shard would see only a part of it: use one key for both, or no key",
            )
    if stage.key is None and learns(stage.pipeline):
        raise Fatal(
            f'pipeline "{stage.name}": learns, and the workflow is sharded by "{shard_key}"',
            hint=f'give it key="{shard_key}" too, so that its state is whole',
        )
