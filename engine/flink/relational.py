"""The relational part of a job: streams as tables, and what connectors make of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.connectors import Query, Table
from engine.flink.explaining import explaining
from engine.flink.gateway import data_streams, jvm
from engine.flink.joins import join
from engine.flink.rows import Rows
from engine.flink.streams import REDRIVE, byte_array, of_stream
from engine.plan import Plan, PlannedConnection, PlannedSource, Reading, Stream
from engine.worker.spec import WorkerSpec
from engine.workflow import Connection
from schemas.avro import canonical
from schemas.errors import Fatal


@dataclass(frozen=True)
class Tables:
    """Named streams of rows, and what connectors make of them."""

    tables: Any
    rows: dict[str, Rows]

    @classmethod
    def of(cls, environment: Any) -> Tables:
        """No streams yet, in an environment of Flink."""
        bridge = jvm().org.apache.flink.table.api.bridge.java
        tables = bridge.StreamTableEnvironment.create(environment)
        # windows and casts go by it; a result must not depend on where a machine stands
        tables.getConfig().set("table.local-time-zone", "UTC")
        return cls(tables, {})

    def add(self, name: str, rows: Rows, parts: Sequence[Any] = ()) -> None:
        """Give a stream of rows a name. One with an event time is a table of SQL, too, whose time is the stream's.

        Where it is a union of streams, these are its `parts`: a union of tables does not end a chain of operators.
        """
        self.rows[name] = rows
        if rows.event_time is None:
            return
        schema = jvm().org.apache.flink.table.api.Schema.newBuilder().watermark(rows.event_time, "SOURCE_WATERMARK()")
        with explaining(f'stream "{name}"'):
            first, *others = [self.tables.fromDataStream(part, schema.build()) for part in parts or (rows.stream,)]
            for other in others:
                first = first.unionAll(other)
            self.tables.createTemporaryView(name, first)

    def connect(self, connection: Connection) -> Rows:
        """Add what a connector makes of its inputs. Raises Fatal, naming it, where it cannot."""
        connector, inputs = connection.connector, [self.rows[name] for name in connection.inputs]
        described = [Table(name, self.rows[name].fields, self.rows[name].event_time) for name in connection.inputs]
        if isinstance(connector, Query):
            made = self._select(connection.name, connector.sql(described))
        else:
            made = join(connection.name, connector, described, inputs)
        self.add(connection.name, made)
        return made

    def _select(self, name: str, query: str) -> Rows:
        """The rows that a query gives. Raises Fatal, pointing into the query, for one that cannot run."""
        with explaining(f'connector "{name}"', query):
            table = self.tables.sqlQuery(query)
            columns = table.getResolvedSchema()
            event_time = _event_time(name, columns)
            row_data = jvm().java.lang.Class.forName("org.apache.flink.table.data.RowData")
            type_ = columns.toPhysicalRowDataType()
            stream = self.tables.toDataStream(table, type_.bridgedTo(row_data))
        _give_ids(stream.getTransformation(), name)
        return Rows(stream, type_.getLogicalType(), event_time)


def connect(
    environment: Any,
    plan: Plan,
    spec: WorkerSpec,
    contracts: Mapping[str, Any],
    blocks: Mapping[str, Any],
    redriven: Any,
) -> Any:
    """What the plan's last connector makes of the sources' blocks, and the blocks that were refused on the way.

    `redriven` are the blocks that were sent again, of all sources; None in a run that takes none.
    """
    tables, refused = Tables.of(environment), []
    for source in plan.sources:
        ways = {f"{source.name}.rows": blocks[source.name]}
        if redriven is not None:
            again = of_stream(redriven, source.name, plan.streams.index(source))
            ways[f"{REDRIVE}.{source.name}.rows"] = again
        type_ = jvm().headrace.BlocksToRows.type(canonical(source.schema))
        parts = [_rows(name, way, type_, contracts[source.name]) for name, way in ways.items()]
        refused += [part.getSideOutput(jvm().headrace.BlocksToRows.REFUSED) for part in parts]
        whole = parts[0].union(data_streams(parts[1:])) if parts[1:] else parts[0]
        tables.add(source.name, Rows(whole, type_.toLogicalType(), source.event_time), parts)
    for connection in plan.connections:
        made = tables.connect(connection.node)
    [schema_id] = spec.known[plan.feed.name]
    to_blocks = jvm().headrace.RowsToBlocks(contracts[plan.feed.name], made.type, schema_id)
    encoded = made.stream.process(to_blocks).returns(byte_array())
    return encoded.name(f"{plan.feed.name}.blocks").uid(f"{plan.feed.name}.blocks").union(data_streams(refused))


def _rows(name: str, blocks: Any, type_: Any, contract: Any) -> Any:
    return blocks.process(jvm().headrace.BlocksToRows(contract)).returns(type_).name(name).uid(name)


def describe(connection: Connection, inputs: Sequence[Stream]) -> PlannedConnection:
    """What a connector will give, found out without running anything. Raises Fatal naming the connector."""
    environments = jvm().org.apache.flink.streaming.api.environment.StreamExecutionEnvironment
    environment = environments.createLocalEnvironment()
    tables = Tables.of(environment)
    for stream in inputs:
        if stream.event_time is None and not _is_table(stream):
            raise Fatal(
                f'connector "{connection.name}": source "{stream.name}" declares no event time',
                hint="KafkaTopic(..., event_time=...)",
            )
        type_ = jvm().headrace.BlocksToRows.type(canonical(stream.schema))
        rows = environment.fromData(jvm().java.util.ArrayList(), type_)
        tables.add(stream.name, Rows(rows, type_.toLogicalType(), stream.event_time))
    made = tables.connect(connection)
    assert made.event_time is not None
    schema = json.loads(jvm().headrace.RowsToBlocks.schema(made.type, connection.name))
    return PlannedConnection(connection, schema, made.event_time)


def _is_table(stream: Stream) -> bool:
    return isinstance(stream, PlannedSource) and stream.reading is not Reading.STREAM


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
