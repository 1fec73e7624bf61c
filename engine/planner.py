"""From a workflow to a plan: everything that can be checked before it runs is checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeGuard

from engine.connectors import FeatureLookup, Lookup
from engine.part_planner import plan_part
from engine.plan import Part, Plan, PlannedConnection, PlannedSource, Reading, Schema, Stream
from engine.workflow import Connection, DataSource, Node, Workflow
from schemas.avro import read_schema
from schemas.errors import Fatal
from schemas.fields import field_type, plain_type
from sources import KafkaTopic

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
    tables = _tables(workflow)
    connected = {name for node in workflow.nodes if _is_joined(node) for name in node.inputs}
    streams: dict[str, Stream] = {}
    parts: list[Part] = []
    for node in workflow.nodes:
        if isinstance(node, DataSource):
            made: Stream = _source(node, schema_of(node.source), tables.get(node.name, Reading.STREAM))
        elif _is_joined(node):
            assert describe is not None
            made = describe(node, [streams[name] for name in node.inputs])
        else:
            continue
        streams[made.name] = made
        part = plan_part(workflow, made, connected)
        if part is not None:
            parts.append(part)
            streams |= {given.name: given for given in part.given}
        elif made.name not in connected:
            raise Fatal(
                f'workflow "{workflow.name}": nothing reads "{made.name}"',
                hint="give it a pipeline or a sink, connect it, or leave it out",
            )
    plan = Plan(
        workflow.name, workflow.order, workflow.max_dead, workflow.dead_window, tuple(streams.values()), tuple(parts)
    )
    _check_topics(plan)
    _check_shards(workflow, plan)
    return plan


def shipped_schema(topic: KafkaTopic) -> Schema:
    """The schema that a topic names: one that ships, or a path to an .avsc file."""
    if topic.schema is None:
        raise Fatal(f'topic "{topic.origin}": names no schema', hint='KafkaTopic(..., schema="flight") or a path')
    return read_schema(topic.schema, f'topic "{topic.origin}"')


def _source(node: DataSource, schema: Schema, reading: Reading) -> PlannedSource:
    """A source. Raises Fatal where its event time is none."""
    source = PlannedSource(node.name, node.source, schema, reading)
    name = source.event_time
    if name is not None:
        kind = plain_type(field_type(schema, name, f'source "{node.name}": event time'))
        if kind != "long":
            hint = "use a long with logicalType timestamp-millis or timestamp-micros"
            raise Fatal(f'source "{node.name}": event time "{name}" is of type {kind}', hint=hint)
    return source


def _tables(workflow: Workflow) -> dict[str, Reading]:
    """The sources that lookups read as tables. Raises Fatal where one cannot be a table."""
    found: dict[str, Reading] = {}
    sources = {node.name for node in workflow.nodes if isinstance(node, DataSource)}
    connections = [node for node in workflow.nodes if isinstance(node, Connection)]
    for node in connections:
        if isinstance(node.connector, Lookup):
            reading, table = _reading(workflow, node.name, node.connector), node.inputs[1]
            if table not in sources:
                hint = "look up in a source; join streams with AsOfJoin"
                raise Fatal(f'connector "{node.name}": its table "{table}" is no source', hint=hint)
            if found.setdefault(table, reading) is not reading:
                raise Fatal(f'connector "{node.name}": another lookup reads "{table}" with another refresh')
    for reader in workflow.nodes:
        if name := next((name for name in _streams_of(reader) if name in found), None):
            hint = "a table is for lookups only: add a second source for the stream"
            raise Fatal(f'node "{reader.name}": reads "{name}" as a stream, and a lookup as a table', hint=hint)
    return found


def _is_joined(node: Node) -> TypeGuard[Connection]:
    """Whether a node is a connector that Flink runs; lookups of features run where pipelines do."""
    return isinstance(node, Connection) and not isinstance(node.connector, FeatureLookup)


def _reading(workflow: Workflow, name: str, lookup: Lookup) -> Reading:
    if not lookup.refresh:
        return Reading.TABLE
    if workflow.order == "event_time":
        raise Fatal(
            f'connector "{name}": its table changes as records come in, so that order="event_time" cannot '
            "promise the same result each time",
            hint='leave refresh out, join as of the table\'s event time with AsOfJoin, or use order="arrival"',
        )
    return Reading.CHANGING_TABLE


def _streams_of(node: Node) -> tuple[str, ...]:
    """What a node reads record by record."""
    if isinstance(node, Connection):
        return node.inputs[:1] if isinstance(node.connector, Lookup) else node.inputs
    return () if isinstance(node, DataSource) else (node.input,)


def _check_topics(plan: Plan) -> None:
    for sink in plan.sinks.topics:
        if plan.topics.count(plan.topic_of(sink)) > 1:
            raise Fatal(
                f'sink "{sink.name}": topic "{plan.topic_of(sink)}" is written by another node, too',
                hint="give each sink a topic of its own",
            )


def _check_shards(workflow: Workflow, plan: Plan) -> None:
    if workflow.shards and workflow.shards > 1 and not any(part.shard_key for part in plan.parts):
        hint = "give a pipeline a key, whose values then have a model each"
        raise Fatal(f'workflow "{workflow.name}": {workflow.shards} shards, but no key to tell them apart', hint=hint)
