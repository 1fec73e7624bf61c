"""A plan in words: the graph that its author wrote, and what will run where."""

from __future__ import annotations

from collections.abc import Iterator

from engine.plan import Plan
from engine.workflow import DataSink
from models.fields import Fields, Unknown, described
from models.river_fields import stage_fields
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
        if caveat := getattr(connection.node.connector, "caveat", None):
            yield f"            note: {caveat}"
    before, given = plan.feed.name, stage_fields(plan.stages, plan.reader)
    for stage in plan.stages:
        detail = f", label {stage.label}" if stage.label else ""
        detail += f", a model per {stage.key}" if stage.key else ""
        detail += f", learn_many over batches of exactly {stage.batch}" if stage.batch else ""
        yield f"  pipeline  {stage.name} <- {before}: {stage.kind.value}{detail}"
        yield f"            {'learns from' if stage.label else 'gives'} {_fields(given[stage.name])}"
        before = stage.name
    for sink in plan.sinks:
        yield f"  sink      {sink.name} <- {sink.input}: {_place(sink)}"


def _fields(fields: Fields) -> str:
    if isinstance(fields, Unknown):
        return f"fields that only the data decides: {fields.reason}"
    return ", ".join(f"{name} {described(kind)}" for name, kind in fields.items()) or "no fields"


def _physical(plan: Plan, parallelism: int) -> Iterator[str]:
    feed = plan.feed.name
    shards = f"{plan.shards} shards by {plan.shard_key}" if plan.shard_key else "one global shard"
    yield f"physical plan, parallelism {parallelism}, {shards}"
    for source in plan.sources:
        yield f"  JVM     {source.name}.source    Kafka, a watermark per partition, refused records marked"
        yield f"  JVM     {source.name}.gate      late records marked; the largest event times are state"
    for connection in plan.connections:
        yield f"  JVM     {connection.name}           Flink SQL over rows; what it keeps is state"
    yield f"  JVM     {feed}.frames    up to {MAX_FRAME_BYTES >> 10} KiB of one shard a frame"
    yield "  ------- shuffle by shard"
    if plan.order == "event_time":
        yield f"  JVM     {feed}.order     (event time, partition, offset) by the watermark; what waits is state"
    stages = " + ".join(stage.name for stage in plan.stages)
    yield f"  Python  {feed}.learn     {stages}, a call a frame; snapshot and learn-log are state"
    yield f"  JVM     {feed}.outputs   frames to records"
    yield f"  JVM     {feed}.kafka     one transaction a checkpoint: {', '.join(plan.topics)}"
    for sink in plan.folder_sinks:
        yield f"  JVM     {sink.name}.files   new files at every checkpoint"


def _place(sink: DataSink) -> str:
    description = sink.sink
    if isinstance(description, FeatureStore):
        return f"features of {description.entity} to Redis, kept for {description.ttl}"
    if isinstance(description, ModelStore):
        return f'model "{description.name}" to the model store, at most every {description.every}'
    return f"results to {description.place}"
