"""The relational part of a job: streams as tables, and what connectors make of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from engine.connectors import FeatureLookup, Query, Table, aggregates, has_over, is_final
from engine.flink.explaining import explaining
from engine.flink.finals import final_rows
from engine.flink.gateway import jvm
from engine.flink.joins import join
from engine.flink.rows import Rows, is_table, row_type
from engine.flink.streams import transform
from engine.plan import PlannedConnection, Stream
from engine.workflow import Connection
from schemas.errors import Fatal

_INSTANT = "TIMESTAMP_LTZ(3)"


@dataclass(frozen=True)
class Tables:
    """Named streams of rows, and what connectors make of them.

    Where they are `reproducible`, rows come to queries that aggregate in one order, whatever order they were read in.
    """

    tables: Any
    rows: dict[str, Rows]
    reproducible: bool

    @classmethod
    def of(cls, environment: Any, *, reproducible: bool = False) -> Tables:
        """No streams yet, in an environment of Flink."""
        bridge = jvm().org.apache.flink.table.api.bridge.java
        tables = bridge.StreamTableEnvironment.create(environment)
        config = tables.getConfig()
        # windows and casts go by it; a result must not depend on where a machine stands
        config.set("table.local-time-zone", "UTC")
        if reproducible:  # sums of sums would depend on when Flink adds up what it has so far
            config.set("table.optimizer.agg-phase-strategy", "ONE_PHASE")
        return cls(tables, {}, reproducible)

    def add(self, name: str, rows: Rows) -> None:
        """Give a stream of rows a name."""
        self.rows[name] = rows

    def connect(self, connection: Connection) -> Rows:
        """Add what a connector makes of its inputs. Raises Fatal, naming it, where it cannot."""
        connector, inputs = connection.connector, [self.rows[name] for name in connection.inputs]
        described = [
            Table(name, rows.fields, rows.event_time) for name, rows in zip(connection.inputs, inputs, strict=True)
        ]
        if isinstance(connector, Query):
            made = self._select(connection, connector.sql(described), final=is_final(connector))
        else:
            assert not isinstance(connector, FeatureLookup)  # which runs where pipelines do
            made = join(connection.name, connector, described, inputs)
        self.add(connection.name, made)
        return made

    def _select(self, connection: Connection, query: str, *, final: bool) -> Rows:
        """The rows that a query gives, or has in the end. Raises Fatal, pointing into it, for one that cannot run."""
        name, over = connection.name, has_over(query)
        total = self.reproducible and aggregates(query, final=final)
        with self._views(connection, over=over, total=total), explaining(f'connector "{name}"', query):
            table = self.tables.sqlQuery(query)
            columns = table.getResolvedSchema()
            event_time = _event_time(name, columns, final=final)
            row_data = jvm().java.lang.Class.forName("org.apache.flink.table.data.RowData")
            type_ = columns.toPhysicalRowDataType()
            stream = (
                self.tables.toChangelogStream(table)
                if final
                else self.tables.toDataStream(table, type_.bridgedTo(row_data))
            )
        if event_time is None:
            hint = "select the event time of one of its inputs, as it is" + (", or MAX of it" if final else "")
            raise Fatal(f'connector "{name}": its result has no event time', hint=hint)
        _give_ids(stream.getTransformation(), name)
        made = Rows(stream, type_.getLogicalType(), event_time, in_order=over and len(connection.inputs) == 1)
        return final_rows(name, made, type_) if final else made

    @contextmanager
    def _views(self, connection: Connection, *, over: bool, total: bool) -> Iterator[None]:
        """The inputs of a query as tables of SQL, whose times are those of the streams.

        Each in the order of its event times where the query has an OVER, or in a `total` one.
        """
        there = [name for name in connection.inputs if self.rows[name].event_time is not None]
        for name in there:
            rows = self.rows[name]
            first, *others = rows.parts or (rows.stream,)
            if total or (over and not rows.in_order):
                first = _sort(f"{connection.name}.{name}.order", first, rows, alone=total)
            schema = jvm().org.apache.flink.table.api.Schema.newBuilder()
            schema = schema.watermark(rows.event_time, "SOURCE_WATERMARK()").build()
            with explaining(f'stream "{name}"'):
                view = self.tables.fromDataStream(first, schema)
                for other in others:  # not a union of streams, which would end a chain of operators
                    view = view.unionAll(self.tables.fromDataStream(other, schema))
                self.tables.createTemporaryView(name, view)
        try:
            yield
        finally:
            for name in there:
                self.tables.dropTemporaryView(name)


def _sort(name: str, stream: Any, rows: Rows, *, alone: bool) -> Any:
    """The rows of a stream in the order of their event times; `alone` in one task, so that all have one order."""
    type_ = jvm().org.apache.flink.table.runtime.typeutils.InternalTypeInfo.of(rows.type)
    sorter = jvm().headrace.RowSorter(type_, rows.type.getFieldIndex(rows.event_time))
    if not alone:
        return transform(stream, name, type_, sorter)
    gathered = stream if stream.getParallelism() == 1 else getattr(stream, "global")()
    return transform(gathered, name, type_, sorter).setParallelism(1)


def describe(connection: Connection, inputs: Sequence[Stream]) -> PlannedConnection:
    """What a connector will give, found out without running anything. Raises Fatal naming the connector."""
    environments = jvm().org.apache.flink.streaming.api.environment.StreamExecutionEnvironment
    environment = environments.createLocalEnvironment()
    tables = Tables.of(environment)
    for stream in inputs:
        if stream.event_time is None and not is_table(stream):
            raise Fatal(
                f'connector "{connection.name}": source "{stream.name}" declares no event time',
                hint="KafkaTopic(..., event_time=...)",
            )
        type_ = row_type(stream)
        rows = environment.fromData(jvm().java.util.ArrayList(), type_)
        tables.add(stream.name, Rows(rows, type_.toLogicalType(), stream.event_time))
    made = tables.connect(connection)
    assert made.event_time is not None
    schema = json.loads(jvm().headrace.RowsToBlocks.schema(made.type, connection.name))
    return PlannedConnection(connection, schema, made.event_time)


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


def _event_time(name: str, columns: Any, *, final: bool) -> str | None:
    """The one column of a result that is still an event time, if any; for a final result any instant will do."""
    checks = jvm().org.apache.flink.table.types.logical.utils.LogicalTypeChecks
    types = {str(column.getName()): column.getDataType().getLogicalType() for column in columns.getColumns()}
    found = [field for field, type_ in types.items() if checks.isRowtimeAttribute(type_)]
    digits = 3
    if final and not found:
        found = [field for field, type_ in types.items() if type_.copy(True).asSummaryString() == _INSTANT]
        digits = 6
    if len(found) > 1:
        raise Fatal(
            f'connector "{name}": its result has {len(found)} event times: {", ".join(found)}',
            hint=f"keep one, and leave the others out or cast them: CAST(`{found[1]}` AS TIMESTAMP_LTZ({digits}))",
        )
    return found[0] if found else None
