"""What sinks of results take: the Avro schema of predictions, or that of features."""

from __future__ import annotations

from engine.plan import Part, Schema
from engine.workflow import DataSink, ResultSink
from models.fields import record_schema
from schemas.avro import parse, read_schema
from schemas.errors import Fatal
from schemas.scan import InvalidSchema
from schemas.wire import features_schema, prediction_schema


def result_schemas(part: Part) -> dict[str, Schema]:
    """The Avro schema of what each sink of results, and each pipeline that connectors read, is given, by its name.

    Raises Fatal, naming the sink.
    """
    sinks = {sink.name: _schema(part, sink) for sink in part.sinks.results}
    return sinks | {given.name: given.schema for given in part.given}


def _schema(part: Part, sink: DataSink) -> Schema:
    if part.estimator is not None and part.estimator.name == sink.input:
        return prediction_schema(part.prediction_type, by_topic=part.by_topic, classifies=part.classifies)
    assert isinstance(sink.sink, ResultSink)
    if sink.sink.schema is not None:
        return features_schema(_declared(sink, sink.sink.schema), by_topic=part.by_topic)
    try:
        return features_schema(record_schema(sink.input, part.fields[sink.input]), by_topic=part.by_topic)
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
