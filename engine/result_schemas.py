"""What sinks of results take: the Avro schema of predictions, or that of features."""

from __future__ import annotations

from engine.plan import Plan, Schema
from engine.workflow import DataSink, ResultSink
from models.fields import record_schema
from models.river_fields import stage_fields
from schemas.avro import parse, read_schema
from schemas.errors import Fatal
from schemas.scan import InvalidSchema
from schemas.wire import features_schema, prediction_schema


def result_schemas(plan: Plan) -> dict[str, Schema]:
    """The Avro schema of what each sink of results takes, by its name. Raises Fatal, naming the sink."""
    for sink in plan.topic_sinks:
        if plan.topics.count(plan.topic_of(sink)) > 1:
            raise Fatal(
                f'sink "{sink.name}": topic "{plan.topic_of(sink)}" is written by another node, too',
                hint="give each sink a topic of its own",
            )
    return {sink.name: _schema(plan, sink) for sink in plan.result_sinks}


def _schema(plan: Plan, sink: DataSink) -> Schema:
    if plan.estimator is not None and plan.estimator.name == sink.input:
        return prediction_schema(plan.label_type, by_topic=plan.by_topic)
    assert isinstance(sink.sink, ResultSink)
    if sink.sink.schema is not None:
        return features_schema(_declared(sink, sink.sink.schema), by_topic=plan.by_topic)
    try:
        features = record_schema(sink.input, stage_fields(plan.stages, plan.reader)[sink.input])
        return features_schema(features, by_topic=plan.by_topic)
    except Fatal as error:
        raise Fatal(f'sink "{sink.name}": {error.message}', hint=error.hint) from error


def _declared(sink: DataSink, declared: str) -> Schema:
    """The schema of features that a sink names."""
    schema = read_schema(declared, f'sink "{sink.name}"')
    try:
        parsed = parse(schema)
    except InvalidSchema as error:
        raise Fatal(f'sink "{sink.name}": schema "{declared}": {error}') from error
    if not isinstance(parsed, dict) or parsed["type"] != "record":
        raise Fatal(f'sink "{sink.name}": schema "{declared}": expected a record')
    return schema
