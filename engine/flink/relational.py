"""The relational part of a job: streams as tables, and what connectors make of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from engine.connectors import Table
from engine.flink.gateway import data_streams, jvm
from engine.flink.streams import byte_array
from engine.plan import Plan, PlannedConnection, Schema, Stream
from engine.worker.spec import WorkerSpec
from engine.workflow import Connection
from schemas.avro import canonical
from schemas.errors import Fatal

_PLACE = re.compile(r"line (\d+), column (\d+)")
_UPDATING = "doesn't support consuming update"


@dataclass(frozen=True)
class Rows:
    """A stream of rows in the JVM, their type there, their Avro schema, and the field with their event time."""

    stream: Any
    type: Any
    schema: Schema
    event_time: str


class Tables:
    """Named streams of rows, and queries over them."""

    def __init__(self, environment: Any) -> None:
        bridge = jvm().org.apache.flink.table.api.bridge.java
        self._tables = bridge.StreamTableEnvironment.create(environment)

    def add(self, name: str, rows: Any, event_time: str) -> None:
        """Make a stream of rows a table, whose event time and watermark are the stream's own."""
        schema = jvm().org.apache.flink.table.api.Schema.newBuilder().watermark(event_time, "SOURCE_WATERMARK()")
        with _explaining(f'stream "{name}"'):
            self._tables.createTemporaryView(name, self._tables.fromDataStream(rows, schema.build()))

    def select(self, name: str, query: str) -> Rows:
        """The rows that a query gives. Raises Fatal, pointing into the query, for one that cannot run."""
        with _explaining(f'connector "{name}"', query):
            table = self._tables.sqlQuery(query)
            columns = table.getResolvedSchema()
            event_time = _event_time(name, columns)
            row_data = jvm().java.lang.Class.forName("org.apache.flink.table.data.RowData")
            type_ = columns.toPhysicalRowDataType()
            stream = self._tables.toDataStream(table, type_.bridgedTo(row_data))
        _give_ids(stream.getTransformation(), name)
        schema = json.loads(jvm().headrace.RowsToBlocks.schema(type_.getLogicalType(), name))
        return Rows(stream, type_.getLogicalType(), schema, event_time)


def connect(
    environment: Any, plan: Plan, spec: WorkerSpec, contracts: Mapping[str, Any], blocks: Mapping[str, Any]
) -> Any:
    """What the plan's last connector makes of the sources' blocks, and the blocks that were refused on the way."""
    tables, refused = Tables(environment), []
    for source in plan.sources:
        to_rows = jvm().headrace.BlocksToRows
        rows = blocks[source.name].process(to_rows(contracts[source.name]))
        rows = rows.returns(to_rows.type(canonical(source.schema))).uid(f"{source.name}.rows")
        refused.append(rows.getSideOutput(to_rows.REFUSED))
        assert source.event_time is not None
        tables.add(source.name, rows, source.event_time)
    for connection in plan.connections:
        selected = tables.select(connection.name, connection.query)
        tables.add(connection.name, selected.stream, connection.event_time)
    [schema_id] = spec.known[plan.feed.name]
    made = selected.stream.process(jvm().headrace.RowsToBlocks(contracts[plan.feed.name], selected.type, schema_id))
    made = made.returns(byte_array()).name(f"{plan.feed.name}.blocks").uid(f"{plan.feed.name}.blocks")
    return made.union(data_streams(refused))


def describe(connection: Connection, inputs: Sequence[Stream]) -> PlannedConnection:
    """What a connector will give, found out without running anything. Raises Fatal naming the connector."""
    environments = jvm().org.apache.flink.streaming.api.environment.StreamExecutionEnvironment
    environment = environments.createLocalEnvironment()
    tables = Tables(environment)
    for stream in inputs:
        if stream.event_time is None:
            raise Fatal(
                f'connector "{connection.name}": source "{stream.name}" declares no event time',
                hint="KafkaTopic(..., event_time=...)",
            )
        type_ = jvm().headrace.BlocksToRows.type(canonical(stream.schema))
        tables.add(stream.name, environment.fromData(jvm().java.util.ArrayList(), type_), stream.event_time)
    query = connection.connector.sql([_table(stream) for stream in inputs])
    rows = tables.select(connection.name, query)
    return PlannedConnection(connection, query, rows.schema, rows.event_time)


def _table(stream: Stream) -> Table:
    fields = tuple(field["name"] for field in stream.schema["fields"])
    return Table(stream.name, fields, str(stream.event_time))


def _give_ids(last: Any, name: str) -> None:
    """Number the operators of a query from its end to its inputs: by these ids Flink finds their state again.

    Flink's own numbers depend on what else its planner has done.
    """
    found, waiting = 0, [last]
    while waiting:
        transformation = waiting.pop()
        if transformation.getUid() is None:
            found += 1
            transformation.setUid(f"{name}.{found}")
            waiting.extend(transformation.getInputs())


def _event_time(name: str, columns: Any) -> str:
    """The one column of a result that is still an event time."""
    checks = jvm().org.apache.flink.table.types.logical.utils.LogicalTypeChecks
    found = [
        str(column.getName())
        for column in columns.getColumns()
        if checks.isRowtimeAttribute(column.getDataType().getLogicalType())
    ]
    if not found:
        raise Fatal(
            f'connector "{name}": its result has no event time',
            hint="select the event time of one of its inputs, as it is",
        )
    if len(found) > 1:
        raise Fatal(
            f'connector "{name}": its result has {len(found)} event times: {", ".join(found)}',
            hint=f"keep one, and leave the others out or cast them: CAST(`{found[1]}` AS TIMESTAMP_LTZ(3))",
        )
    return found[0]


@contextmanager
def _explaining(node: str, query: str = "") -> Iterator[None]:
    """Inside, what Flink has against a node or its query is raised as Fatal."""
    from py4j.protocol import Py4JJavaError
    from pyflink.util.exceptions import JavaException

    try:
        yield
    except Py4JJavaError as error:
        raise _explained(node, query, _causes(error.java_exception)) from error
    except JavaException as error:
        raise _explained(node, query, _causes_of_trace(error.stack_trace)) from error


def _causes(error: Any) -> list[str]:
    """What an exception of the JVM says, and each of its causes after it."""
    said = []
    while error is not None:
        said.append(str(error.getMessage()))
        error = error.getCause()
    return said


def _causes_of_trace(trace: str) -> list[str]:
    """The same, where PyFlink has left only the text."""
    heads = [line for line in trace.splitlines() if not line.startswith("\t")]
    return [head.removeprefix("Caused by: ").partition(": ")[2] for head in heads]


def _explained(node: str, query: str, said: list[str]) -> Fatal:
    """What Flink says of a query, with the place in the text of its author."""
    if any(_UPDATING in text for text in said):
        return Fatal(
            f"{node}: its result changes after it was given",
            hint="put what is counted or joined into a window of event time",
        )
    places = [place for text in said if (place := _PLACE.search(text))]
    if not places:
        return Fatal(f"{node}: {said[-1]}")
    line, column = int(places[0][1]), int(places[0][2])
    reason = said[-1].split("Was expecting", 1)[0].strip()
    text = query.splitlines()[line - 1]
    where = f"line {line}, column {column}"
    return Fatal(f"{node}: {where}: {reason}\n  {text}\n  {' ' * (column - 1)}^")
