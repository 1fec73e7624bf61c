"""Records of a flat schema read as a table, a field of all records at a time instead of a record after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from schemas.instant_columns import instants
from schemas.layout import HEADER_BYTES
from schemas.table import Column, Table, as_list

_MOST_VARINT_BYTES = 10
_PADDING = bytes(_MOST_VARINT_BYTES)

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass
class _Reading:
    """The bytes of all records, and the place in each of them where the next field begins, shape `(n,)`."""

    values: bytes
    bytes: Bytes
    at: Places

    def where(self, chosen: npt.NDArray[np.bool_]) -> _Reading:
        """The same of some of the records."""
        return _Reading(self.values, self.bytes, self.at[chosen])

    def fixed(self, size: int) -> Bytes:
        """The next `size` bytes of each record, shape `(n, size)`."""
        cells = self.bytes[self.at[:, None] + np.arange(size)]
        self.at = self.at + size
        return cells


_Read = Callable[[_Reading], Column]


class ColumnReader:
    """Reads the records of a flat schema, whose fields are numbers, booleans, strings and instants, or null.

    The records have been walked before: they are whole and of the schema. What comes out is what fastavro gives.

    >>> reader = ColumnReader.of({"type": "record", "name": "r", "fields": [{"name": "a", "type": "string"}]})
    >>> reader.table(bytes([0, 0, 0, 0, 7, 2, 120, 0, 0, 0, 0, 7, 0]), np.array([7, 6])).columns
    {'a': ['x', '']}
    """

    def __init__(self, fields: dict[str, _Read]) -> None:
        self._fields = fields

    @classmethod
    def of(cls, schema: dict[str, Any]) -> ColumnReader | None:
        """The reader of a parsed schema, None where a field is of another kind."""
        fields = {field["name"]: _reads(field["type"]) for field in schema["fields"]}
        if not fields or None in fields.values():
            return None
        return cls(cast(dict[str, _Read], fields))

    def table(self, values: bytes, sizes: npt.NDArray[np.int32]) -> Table | None:
        """The records in `values`, one after the other; None unless all are of the first one's schema, and readable."""
        cells = np.frombuffer(values + _PADDING, np.uint8)
        starts = np.cumsum(sizes, dtype=np.int64) - sizes
        reading = _Reading(values, cells, starts)
        headers = reading.fixed(HEADER_BYTES)
        if not (headers == headers[0]).all():
            return None
        try:
            return Table({name: read(reading) for name, read in self._fields.items()})
        except OverflowError:  # an instant that is none in Python: whoever reads record by record says which
            return None


def _reads(type_: Any) -> _Read | None:
    if isinstance(type_, list):
        return _nullable(type_)
    if isinstance(type_, dict):
        logical = type_.get("logicalType")
        if logical is None:
            return _reads(type_["type"]) if isinstance(type_["type"], str) else None
        return _INSTANTS.get(logical) if type_["type"] == "long" else None
    return _PLAIN.get(type_)


def _nullable(union: list[Any]) -> _Read | None:
    if len(union) != 2 or "null" not in union:
        return None
    null = union.index("null")
    read = _reads(union[1 - null])
    if read is None:
        return None

    def column(reading: _Reading) -> Column:
        there = reading.fixed(1)[:, 0] != 2 * null  # the branch, zigzag
        if there.all():
            return read(reading)
        some = reading.where(there)
        values = read(some)
        reading.at[there] = some.at
        whole = np.full(len(there), None, object)
        whole[there] = values.astype(object) if isinstance(values, np.ndarray) else _objects(values)
        return whole.tolist()

    return column


def _objects(values: list[Any]) -> npt.NDArray[Any]:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _doubles(reading: _Reading) -> Column:
    doubles: Floats = reading.fixed(8).view("<f8")[:, 0]
    return doubles


def _floats(reading: _Reading) -> Column:
    floats: Floats = reading.fixed(4).view("<f4")[:, 0].astype(np.float64)
    return floats


def _booleans(reading: _Reading) -> Column:
    flags: npt.NDArray[np.bool_] = reading.fixed(1)[:, 0] != 0
    return flags


def _whole(reading: _Reading) -> Column:
    return as_list(_numbers(reading))


def _millis(reading: _Reading) -> Column:
    return instants(_numbers(reading), "ms")


def _micros(reading: _Reading) -> Column:
    return instants(_numbers(reading), "us")


def _strings(reading: _Reading) -> Column:
    sizes = _numbers(reading)
    begins, ends = reading.at, reading.at + sizes
    reading.at = ends
    places = zip(begins.tolist(), ends.tolist(), strict=True)
    if _is_ascii(reading.bytes, begins, ends):
        text = reading.values.decode("latin-1")
        return [text[begin:end] for begin, end in places]
    values = reading.values
    return [values[begin:end].decode() for begin, end in places]


def _is_ascii(cells: Bytes, begins: Places, ends: Places) -> bool:
    """Whether the texts are ASCII; of an empty one the byte behind it is looked at, too, which does no harm."""
    between = np.column_stack((begins, ends)).ravel()
    return bool((np.maximum.reduceat(cells, between)[::2] < 0x80).all()) if len(between) else True


def _numbers(reading: _Reading) -> Places:
    """Zigzag varints, wherever they end."""
    number = np.zeros(len(reading.at), np.uint64)
    at, open_ = reading.at.copy(), np.arange(len(reading.at))
    for shift in range(0, 7 * _MOST_VARINT_BYTES, 7):
        part = reading.bytes[at[open_]]
        at[open_] += 1
        number[open_] |= (part & 0x7F).astype(np.uint64) << np.uint64(shift)
        open_ = open_[part >= 0x80]
        if not len(open_):
            break
    reading.at = at
    return (number >> np.uint64(1)).view(np.int64) ^ -(number & np.uint64(1)).view(np.int64)


_PLAIN: dict[str, _Read] = {
    "double": _doubles,
    "float": _floats,
    "boolean": _booleans,
    "int": _whole,
    "long": _whole,
    "string": _strings,
}
_INSTANTS: dict[str, _Read] = {"timestamp-millis": _millis, "timestamp-micros": _micros}
