"""The joins that SQL cannot say: operators of ours over rows of two streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.connectors import AsOfJoin, Join, LabelJoin, Lookup, Table
from engine.connectors.label_join import DECIDED_AT
from engine.flink.gateway import int_array, jvm
from engine.flink.rows import Rows
from engine.flink.streams import to_ms
from schemas.durations import parse_duration
from schemas.errors import Fatal

ANY_AGE_MS = -1
_LABELS = {"BOOLEAN": (bool,), "VARCHAR": (str,), "INTEGER": (int,), "BIGINT": (int,)}
_NUMBERS = (int, float)


def join(name: str, connector: Join, tables: Sequence[Table], inputs: Sequence[Rows]) -> Rows:
    """The rows that a join gives. Raises Fatal where the fields of its inputs do not fit."""
    left, right = inputs
    if isinstance(connector, Lookup):
        right = _changes(name, connector.sides.on, right)
    columns = connector.columns(*tables)
    joined = jvm().headrace.Columns(left.type, right.type)
    optional = not isinstance(connector, LabelJoin)
    for column in columns:
        if column.from_left:
            joined.left(left.type.getFieldIndex(column.field), column.name)
        else:
            joined.right(right.type.getFieldIndex(column.field), column.name, optional)
    keyed = _keyed(name, connector.sides.on, left, right)
    if isinstance(connector, LabelJoin):
        rules, type_ = _rules(name, connector, left, right), jvm().headrace.LabelJoin.type(joined, DECIDED_AT)
        made = keyed.process(jvm().headrace.LabelJoin(joined, rules, ledger_of(name)), type_)
        event_time: str | None = DECIDED_AT
    else:
        type_, event_time = joined.type(), left.event_time
        made = _paired(name, connector, keyed, joined)
    return Rows(made.name(name).uid(name), type_.toLogicalType(), event_time)


def ledger_of(connector: str) -> str:
    """The name under which Flink knows the ledger of a label join."""
    return f"{connector}.ledger"


def _paired(name: str, connector: AsOfJoin | Lookup, keyed: Any, joined: Any) -> Any:
    keeps = connector.unmatched == "keep"
    if isinstance(connector, Lookup):
        return keyed.transform(name, joined.type(), jvm().headrace.Lookup(joined, keeps))
    tolerance = connector.tolerance
    tolerance_ms = ANY_AGE_MS if tolerance is None else to_ms(parse_duration(tolerance))
    waits = connector.wait == "watermark"
    return keyed.process(jvm().headrace.AsOfJoin(joined, tolerance_ms, waits, keeps), joined.type())


def _changes(name: str, on: Sequence[str], table: Rows) -> Rows:
    """The rows of a table, and those that are deleted or replaced by another of the same key in Kafka."""
    headrace, positions = jvm().headrace, [table.type.getFieldIndex(field) for field in on]
    key, changes = headrace.RowKey.ofTable(table.type, int_array(positions)), headrace.TableChanges(table.type)
    made = table.stream.keyBy(key, key.type()).process(changes, changes.type())
    return Rows(made.name(f"{name}.table").uid(f"{name}.table"), table.type, None)


def _keyed(name: str, on: Sequence[str], left: Rows, right: Rows) -> Any:
    """The two streams, records with equal values of `on` together. Raises Fatal where the types of these differ."""
    keys = []
    for rows in (left, right):
        positions = [rows.type.getFieldIndex(field) for field in on]
        keys.append(jvm().headrace.RowKey(rows.type, int_array(positions)))
    one, other = (key.type().toLogicalType() for key in keys)
    if not one.equals(other):
        raise Fatal(
            f'connector "{name}": joins on {", ".join(on)}, of type {_types(one)} on the left and {_types(other)} on '
            "the right",
            hint="cast one of them with Sql",
        )
    return left.stream.connect(right.stream).keyBy(*keys, keys[0].type())


def _types(row: Any) -> str:
    return ", ".join(child.asSummaryString() for child in row.getChildren())


def _rules(name: str, connector: LabelJoin, records: Rows, labels: Rows) -> Any:
    absent, label = connector.policy.absent, labels.type.getFieldIndex(connector.label)
    kind = labels.type.getTypeAt(label).getTypeRoot().name()
    if absent is not None and (type(absent) not in _LABELS.get(kind, _NUMBERS)):
        raise Fatal(f'connector "{name}": label "{connector.label}" is {kind}, but absent ones are {absent!r}')
    times = (records.type.getFieldIndex(records.event_time), labels.type.getFieldIndex(labels.event_time))
    policy = connector.policy
    last, relearns = policy.winner == "last", policy.corrections == "relearn"
    within_ms = to_ms(parse_duration(connector.within))
    return jvm().headrace.LabelRules(labels.type, int_array([*times, label]), within_ms, absent, last, relearns)
