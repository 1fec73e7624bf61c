"""The values of a field made ready for the kernel that writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from schemas import encoding_kernels as do
from schemas.column import Column, Flags, Instants, Logical, Maps, Nested, Numbers, Places, Words
from schemas.leaf_writing import Cells, Ready, leaf
from schemas.matching import kind_of, logical_of
from schemas.record_writing import Written, join
from schemas.spans import SIZE_BITS

_UNITS = {"long-timestamp-millis": "ms", "long-timestamp-micros": "us"}
_STORED_ONE_WAY = {
    *("int-date", "int-time-millis", "long-time-micros"),
    *("long-local-timestamp-millis", "long-local-timestamp-micros"),
}


@dataclass(frozen=True)
class FieldWriter:
    """Makes the columns of a field ready; those of the kind `takes` as they are.

    >>> ready = FieldWriter.of(["null", "string"]).write(["JFK", None])
    >>> ready.data, ready.valid.tolist()
    (b'JFKJFK', [True, False])
    """

    kind: int
    ready: Ready
    logical: str = ""
    takes: tuple[type[Nested | Maps], ...] = ()
    null: int = do.NEVER

    @classmethod
    def of(cls, type_: Any) -> FieldWriter | None:
        """The writer for a field's type, None where its values are written record by record."""
        if isinstance(type_, list):
            kinds = [kind_of(branch) for branch in type_]
            if len(kinds) != 2 or "null" not in kinds:
                return None
            null = kinds.index("null")
            writer = cls.of(type_[1 - null])
            return writer and replace(writer, null=null)
        match kind_of(type_):
            case "record":
                fields = {field["name"]: cls.of(field["type"]) for field in type_["fields"]}
                return cls(do.RAW, partial(_records, fields=fields), takes=(Nested,))
            case "array":
                return cls(do.RAW, partial(_arrays, items=cls.of(type_["items"])))
            case "map":
                entries = {"key": cls.of("string"), "value": cls.of(type_["values"])}
                return cls(do.RAW, partial(_maps, entries=entries), takes=(Maps,))
        found = leaf(type_)
        return found and cls(*found, logical_of(type_))

    def write(self, column: Sequence[Any] | Column) -> Written | None:
        """The column made ready; None if a value may be of another type."""
        ready: Cells | None
        valid: Flags | None
        match column:
            case Words():
                ready, valid = self._coded(column), column.codes >= 0
            case Numbers():
                ready, valid = self.ready(column.array), column.valid
            case Instants() if column.unit == _UNITS.get(self.logical):
                ready, valid = self.ready(column.ticks), column.valid
            case Logical() if column.logical == self.logical and self.logical in _STORED_ONE_WAY:
                return self.write(column.stored)
            case Nested() | Maps() if isinstance(column, self.takes):
                ready, valid = self._where_valid(column), column.valid
            case _:
                values, valid = _parted(column if isinstance(column, Sequence | np.ndarray) else column.tolist())
                ready = self.ready(values) if len(values) else (np.zeros(len(valid), np.int64), b"")
        if ready is None or (self.null == do.NEVER and valid is not None and not valid.all()):
            return None
        return Written(self.kind, self.null, *ready, valid)

    def _coded(self, column: Words) -> Cells | None:
        ready = self.ready(column.words)
        if ready is None or not column.words:
            return ready and (np.zeros(len(column), np.int64), b"")
        return ready[0][column.codes], ready[1]

    def _where_valid(self, column: Nested | Maps) -> Cells | None:
        if column.valid is None:
            return self.ready(column)
        there = column.valid.nonzero()[0]
        ready = self.ready(column.take(there))
        if ready is None:
            return None
        cells = np.zeros(len(column), np.int64)
        cells[there] = ready[0]
        return cells, ready[1]


_Columns = Mapping[str, Sequence[Any] | Column]
_Fields = Mapping[str, FieldWriter | None]


def columns_written(columns: _Columns, fields: _Fields) -> list[Written] | None:
    """The columns of these fields made ready; None if one has to be written record by record."""
    written = []
    for name, field in fields.items():
        one = None if field is None else field.write(columns[name])
        if one is None:
            return None
        written.append(one)
    return written


def _parted(values: Any) -> tuple[Any, Flags]:
    """The values, some one in place of null, none at all where all are null; and where there is one."""
    if isinstance(values, np.ndarray) and values.dtype != np.object_:
        return values, np.ones(len(values), np.bool_)
    valid = np.array([value is not None for value in values], np.bool_)
    some = next((value for value in values if value is not None), None)
    if some is None:
        return [], valid
    return values if valid.all() else [some if value is None else value for value in values], valid


def _records(values: Any, fields: _Fields) -> Cells | None:
    """Records in records, which are written as others are, but have no header."""
    if isinstance(values, Nested):
        return _record_columns(values.columns, fields, len(values))
    if set(map(type, values)) - {dict} or any(value.keys() != fields.keys() for value in values):
        return None
    return _record_columns({name: [value[name] for value in values] for name in fields}, fields, len(values))


def _record_columns(columns: _Columns, fields: _Fields, count: int) -> Cells | None:
    written = columns_written(columns, fields) if columns.keys() == fields.keys() else None
    return None if written is None else _joined(written, count)


def _arrays(values: Any, items: FieldWriter | None) -> Cells | None:
    if set(map(type, values)) - {list}:
        return None
    counts = np.array([len(value) for value in values], np.int64)
    return _blocks(counts, {"item": list(chain.from_iterable(values))}, {"item": items})


def _maps(values: Any, entries: _Fields) -> Cells | None:
    if isinstance(values, Maps):
        return _blocks(values.counts, {"key": values.keys, "value": values.values}, entries)
    if set(map(type, values)) - {dict}:
        return None
    keys, items = list(chain.from_iterable(values)), [item for value in values for item in value.values()]
    return _blocks(np.array([len(value) for value in values], np.int64), {"key": keys, "value": items}, entries)


def _blocks(counts: Places, columns: _Columns, fields: _Fields) -> Cells | None:
    """Items of arrays, or entries of maps, so many for each: their number, they themselves, and a zero behind."""
    written = columns_written(columns, fields)
    if written is None:
        return None
    data, sizes = join(b"", written, int(counts.sum()))
    ends = np.concatenate([[0], sizes.cumsum(dtype=np.int64)])[np.concatenate([[0], counts.cumsum()])]
    items = (ends[:-1] << SIZE_BITS) | np.diff(ends)
    return _joined(
        [
            Written(do.NUMBER, do.NEVER, counts, b"", None),
            Written(do.RAW, do.NEVER, items, data, None),
            Written(do.RAW, do.NEVER, (counts > 0).astype(np.int64), b"\0", None),
        ],
        len(counts),
    )


def _joined(written: Sequence[Written], count: int) -> Cells:
    data, sizes = join(b"", written, count)
    ends = sizes.cumsum(dtype=np.int64)
    return (ends - sizes << SIZE_BITS) | sizes, data
