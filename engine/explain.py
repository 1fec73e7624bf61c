"""A plan in words: the graph that its author wrote, and what will run where."""

from __future__ import annotations

from collections.abc import Iterator

from engine.connectors import AsOfJoin, Lookup, Query, Sql, Table, aggregates, caveats, is_final
from engine.plan import Part, Plan, PlannedConnection
from engine.workflow import DataSink
from models.fields import Fields, Unknown, described
from schemas.frames import MAX_FRAME_BYTES
from sinks import FeatureStore, ModelStore


def explain(plan: Plan, parallelism: int = 1) -> str:
    """The graph and the physical plan, as text for a person."""
    return "\n".join([*_graph(plan), "", *_physical(plan, parallelism)])


def _graph(plan: Plan) -> Iterator[str]:
    yield f'workflow "{plan.workflow}": order {plan.order}, at most {plan.max_dead:.2%} dead letters'
    for source in plan.sources:
        topic = source.topic
        time = f"event time {topic.event_time}, lateness {topic.lateness}" if topic.event_time else "Kafka timestamps"
        time += f", heartbeat {topic.heartbeat}" if topic.heartbeat else ""
        yield f'  source    {source.name}: topic "{topic.origin}", schema {source.schema["name"]}, {time}'
    for connection in plan.connections:
        fields = ", ".join(field["name"] for field in connection.schema["fields"])
        inputs = ", ".join(connection.node.inputs)
        yield f"  connector {connection.name} <- {inputs}: {fields}; event time {connection.event_time}"
        yield from (f"            note: {note}" for note in _notes(plan, connection))
    for part in plan.parts:
        for stage in part.stages:
            if stage.name in part.lookups:
                yield from _lookup(part, stage.name)
                continue
            detail = f", label {stage.label}" if stage.label else ""
            detail += f", a model per {stage.key}" if stage.key else ""
            detail += f", learn_many over batches of exactly {stage.batch}" if stage.batch else ""
            yield f"  pipeline  {stage.name} <- {part.inputs[stage.name]}: {stage.kind.value}{detail}"
            learns = stage is part.estimator
            yield f"            {'learns from' if learns else 'gives'} {_fields(part.fields[stage.name])}"
            if learns:
                yield from (f"            {line}" for line in _twins(part))
    for sink in plan.sinks:
        yield f"  sink      {sink.name} <- {sink.input}: {_place(sink)}"


def _twins(part: Part) -> Iterator[str]:
    """Which steps of the estimator's pipeline have a compiled twin, and whether it goes by them."""
    choice = part.choice()
    assert choice is not None
    for name, reason in choice.steps:
        yield f"step {name}: " + (reason or "has a compiled twin")
    yield f"at river's speed: {choice.reason}" if choice.reason else "compiled, with river's numbers"


def _notes(plan: Plan, connection: PlannedConnection) -> Iterator[str]:
    connector = connection.node.connector
    if isinstance(connector, AsOfJoin | Lookup | Sql) and connector.caveat:
        yield connector.caveat
    if isinstance(connector, Query) and plan.order == "event_time":
        yield from caveats(_query(plan, connection), connection.node.inputs, final=is_final(connector))


def _is_ordered(plan: Plan, connection: PlannedConnection) -> bool:
    """Whether rows come to a query in one order."""
    connector = connection.node.connector
    if plan.order == "arrival" or not isinstance(connector, Query):
        return False
    return aggregates(_query(plan, connection), final=is_final(connector))


def _query(plan: Plan, connection: PlannedConnection) -> str:
    streams = {stream.name: stream for stream in plan.streams}
    tables = [
        Table(name, tuple(field["name"] for field in streams[name].schema["fields"]), streams[name].event_time)
        for name in connection.node.inputs
    ]
    connector = connection.node.connector
    assert isinstance(connector, Query)
    return connector.sql(tables)


def _lookup(part: Part, name: str) -> Iterator[str]:
    lookup = part.lookups[name]
    read = f"features of {lookup.entity} in Redis, by {lookup.features.workflow}.{lookup.features.sink}"
    yield f"  connector {name} <- {part.inputs[name]}: {read}"
    yield f"            gives {_fields(part.fields[name])}"
    yield f"            note: {lookup.caveat}"


def _fields(fields: Fields) -> str:
    if isinstance(fields, Unknown):
        return f"fields that only the data decides: {fields.reason}"
    return ", ".join(f"{name} {described(kind)}" for name, kind in fields.items()) or "no fields"


def _physical(plan: Plan, parallelism: int) -> Iterator[str]:
    yield f"physical plan, parallelism {parallelism}"
    for source in plan.sources:
        yield f"  JVM     {source.name}.source    Kafka, a watermark per partition, refused records marked"
        yield f"  JVM     {source.name}.gate      late records marked; the largest event times are state"
    for connection in plan.connections:
        if _is_ordered(plan, connection):
            yield f"  JVM     {connection.name}.order     its rows by event time, in one task; what waits is state"
        how = "Flink SQL over rows" if isinstance(connection.node.connector, Query) else "a join of rows"
        yield f"  JVM     {connection.name}           {how}; what it keeps is state"
    for part in plan.parts:
        yield from _part(part, in_order=plan.sorts(part))
    yield f"  JVM     kafka             one transaction a checkpoint: {', '.join(plan.topics)}"
    for sink in plan.sinks.folders:
        yield f"  JVM     {sink.name}.files   new files at every checkpoint"


def _part(part: Part, *, in_order: bool) -> Iterator[str]:
    shards = f"{part.shards} shards by {part.shard_key}" if part.shard_key else "one global shard"
    yield f"  JVM     {part.name}.frames    {shards}, up to {MAX_FRAME_BYTES >> 10} KiB of one a frame"
    yield "  ------- shuffle by shard"
    if in_order:
        yield f"  JVM     {part.name}.order     (event time, partition, offset) by the watermark; what waits is state"
    stages = " + ".join(stage.name for stage in part.stages) or "the records as they are"
    yield f"  Python  {part.name}.learn     {stages}, a call a frame; snapshot and learn-log are state"
    yield f"  JVM     {part.name}.outputs   frames to records"
    for given in part.given:
        yield f"  JVM     {given.name}.given     to rows again, for connectors"


def _place(sink: DataSink) -> str:
    description = sink.sink
    if isinstance(description, FeatureStore):
        return f"features of {description.entity} to Redis, kept for {description.ttl}"
    if isinstance(description, ModelStore):
        return f'model "{description.name}" to the model store, at most every {description.every}'
    return f"results to {description.place}"
