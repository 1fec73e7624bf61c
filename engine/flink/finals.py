"""What a result that changes has in the end."""

from __future__ import annotations

from typing import Any

from engine.flink.gateway import int_array, jvm
from engine.flink.rows import Rows


def final_rows(name: str, changes: Rows, type_: Any) -> Rows:
    """The rows that are there once the input has ended, each once; `type_` is the data type of the changes."""
    headrace, logical, event_time = jvm().headrace, changes.type, changes.event_time
    info = jvm().org.apache.flink.table.runtime.typeutils.InternalTypeInfo.of(logical)
    rows = changes.stream.map(headrace.ChangesToRows(type_), info).name(f"{name}.changes").uid(f"{name}.changes")
    whole = headrace.RowKey(logical, int_array(list(range(logical.getFieldCount()))))
    timeless = (
        f'connector "{name}": a row of its result has no event time, as its column "{event_time}" is null\n'
        "hint: leave such rows out with a condition of the query"
    )
    final = headrace.FinalRows(logical.getFieldIndex(event_time), timeless)
    made = rows.keyBy(whole, whole.type()).transform(f"{name}.final", info, final).uid(f"{name}.final")
    return Rows(made, logical, event_time)
