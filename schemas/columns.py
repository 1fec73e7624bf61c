"""Many records to bytes at once: each field a column, and the varints of a whole column encoded together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.codec import HEADER_BYTES, Encoder

Column = Sequence[Any] | npt.NDArray[Any]
Sizes = npt.NDArray[np.int32]
_Cells = tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]
"""The bytes of a field, one row a record, and which of them count."""


class ColumnEncoder:
    """Encodes records of `schema`, known to the registry as `schema_id`; the bytes are those of `Encoder`.

    Columns of numbers and booleans, nullable ones too, are encoded together; a schema or a value of another kind makes
    it go record by record.

    >>> schema = {"type": "record", "name": "point", "fields": [{"name": "x", "type": "long"}]}
    >>> values, sizes = ColumnEncoder(schema, 7).encode({"x": [1, -70]})
    >>> values.hex(" "), sizes.tolist()
    ('00 00 00 00 07 02 00 00 00 00 07 8b 01', [6, 7])
    """

    def __init__(self, schema: dict[str, Any], schema_id: int) -> None:
        self._one = Encoder(schema, schema_id)
        self._header = np.frombuffer(self._one.header, np.uint8)
        self._fields = [(field["name"], _cells_of(field["type"])) for field in schema["fields"]]

    def encode(self, columns: Mapping[str, Column]) -> tuple[bytes, Sizes]:
        """The records one after the other, and the size of each in bytes. Raises BadRecord (`wrong_type`)."""
        parts = []
        for name, cells_of in self._fields:
            cells = cells_of and cells_of(columns[name])
            if not cells:
                return self._one_by_one(columns)
            parts.append(cells)
        count = len(next(iter(columns.values())))
        header = np.broadcast_to(self._header, (count, HEADER_BYTES))
        table = np.hstack([header, *(cells for cells, _ in parts)])
        used = np.hstack([np.ones(header.shape, np.bool_), *(used for _, used in parts)])
        return table[used].tobytes(), used.sum(axis=1, dtype=np.int32)

    def _one_by_one(self, columns: Mapping[str, Column]) -> tuple[bytes, Sizes]:
        lists = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns.values()]
        values = [self._one.encode(dict(zip(columns, fields, strict=True))) for fields in zip(*lists, strict=True)]
        return b"".join(values), np.array([len(value) for value in values], np.int32)


def _cells_of(type_: Any) -> Callable[[Column], _Cells | None] | None:
    if isinstance(type_, list):
        plain = _PLAIN.get(type_[1]) if len(type_) == 2 and type_[0] == "null" and isinstance(type_[1], str) else None
        return plain and (lambda column: _nullable(column, plain))
    if isinstance(type_, dict):
        type_ = type_["type"] if type_.get("logicalType") == "timestamp-millis" else None
    return _PLAIN.get(type_) if isinstance(type_, str) else None


def _nullable(column: Column, plain: Callable[[Column], _Cells | None]) -> _Cells | None:
    present = np.array([value is not None for value in column], np.bool_)
    if not present.all():
        some = next((value for value in column if value is not None), None)
        if some is None:
            return np.zeros((len(present), 1), np.uint8), np.ones((len(present), 1), np.bool_)
        column = [some if value is None else value for value in column]
    inner = plain(column)
    if inner is None:
        return None
    cells, used = inner
    branch = (present * np.uint8(2))[:, np.newaxis]
    return np.hstack([branch, cells]), np.hstack([np.ones_like(branch, np.bool_), used & present[:, np.newaxis]])


def _boolean(column: Column) -> _Cells | None:
    array = np.asarray(column)
    return _all_used(array.astype(np.uint8)[:, np.newaxis]) if array.dtype == np.bool_ else None


def _double(column: Column) -> _Cells | None:
    array = np.asarray(column)
    if array.dtype.kind not in "fi":
        return None
    return _all_used(array.astype("<f8")[:, np.newaxis].view(np.uint8))


def _long(column: Column) -> _Cells | None:
    array = np.asarray(column)
    if array.dtype.kind != "i":
        return None
    numbers = array.astype(np.int64)
    zigzag = ((numbers << 1) ^ (numbers >> 63)).view(np.uint64)
    size_bytes = max(1, -(-int(zigzag.max(initial=0)).bit_length() // 7))
    rest = zigzag[:, np.newaxis] >> np.arange(0, 7 * size_bytes, 7, dtype=np.uint64)
    used = rest != 0
    cells = (rest & 0x7F).astype(np.uint8)
    cells[:, :-1] |= used[:, 1:] * np.uint8(0x80)
    used[:, 0] = True
    return cells, used


def _int(column: Column) -> _Cells | None:
    array = np.asarray(column)
    fits = array.dtype.kind == "i" and (array == array.astype(np.int32)).all()
    return _long(array) if fits else None


def _all_used(cells: npt.NDArray[np.uint8]) -> _Cells:
    return cells, np.ones(cells.shape, np.bool_)


_PLAIN: dict[str, Callable[[Column], _Cells | None]] = {
    "boolean": _boolean,
    "double": _double,
    "int": _int,
    "long": _long,
}
