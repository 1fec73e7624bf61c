"""The values of a field made ready for the kernel that writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas import encoding_kernels as do
from schemas.column import Column, Flags, Instants, Numbers, Places, Words
from schemas.instants import EPOCH, TICKS
from schemas.matching import kind_of
from schemas.spans import SIZE_BITS

_UNITS = {"timestamp-millis": "ms", "timestamp-micros": "us"}
_Cells = tuple[Places, bytes]
"""What the kernel writes, and the bytes in which that is found which has a size."""
_Ready = Callable[[Any], _Cells | None]


@dataclass(frozen=True)
class Written:
    """A column as the kernel takes it; see there."""

    kind: int
    null: int
    cells: Places
    sized: bytes
    valid: Flags | None


@dataclass(frozen=True)
class FieldWriter:
    """Makes the columns of a field ready.

    >>> ready = FieldWriter.of(["null", "string"]).write(["JFK", None])
    >>> ready.sized, ready.valid.tolist()
    (b'JFKJFK', [True, False])
    """

    kind: int
    null: int
    unit: str
    ready: _Ready

    @classmethod
    def of(cls, type_: Any) -> FieldWriter | None:
        """The writer for a field's type, None where its values are written record by record."""
        if isinstance(type_, list):
            kinds = [kind_of(branch) for branch in type_]
            if len(kinds) != 2 or "null" not in kinds:
                return None
            null = kinds.index("null")
            return cls._of(type_[1 - null], null)
        return cls._of(type_, do.NEVER)

    @classmethod
    def _of(cls, type_: Any, null: int) -> FieldWriter | None:
        kind, logical = kind_of(type_), type_.get("logicalType", "") if isinstance(type_, dict) else ""
        if logical and (kind != "long" or logical not in _UNITS):
            return None
        if kind == "enum":
            places = {symbol: place for place, symbol in enumerate(type_["symbols"])}
            return cls(do.NUMBER, null, "", lambda values: _symbols(values, places))
        if logical:
            return cls(do.NUMBER, null, _UNITS[logical], partial(_instants, tick=TICKS[logical]))
        found = _KINDS.get(kind)
        return found and cls(found[0], null, "", found[1])

    def write(self, column: Sequence[Any] | Column) -> Written | None:
        """The column made ready; None if a value may be of another type."""
        ready: _Cells | None
        valid: Flags | None
        match column:
            case Words():
                ready, valid = self._coded(column), column.codes >= 0
            case Numbers():
                ready, valid = self.ready(column.array), column.valid
            case Instants() if column.unit == self.unit:
                ready, valid = self.ready(column.ticks), column.valid
            case _:
                values, valid = _parted(column if isinstance(column, Sequence | np.ndarray) else column.tolist())
                ready = self.ready(values) if len(values) else (np.zeros(len(valid), np.int64), b"")
        if ready is None or (self.null == do.NEVER and valid is not None and not valid.all()):
            return None
        return Written(self.kind, self.null, *ready, valid)

    def _coded(self, column: Words) -> _Cells | None:
        ready = self.ready(column.words)
        if ready is None or not column.words:
            return ready and (np.zeros(len(column), np.int64), b"")
        return ready[0][column.codes], ready[1]


def _parted(values: Any) -> tuple[Any, Flags]:
    """The values, some one in place of null, none at all where all are null; and where there is one."""
    if isinstance(values, np.ndarray) and values.dtype != np.object_:
        return values, np.ones(len(values), np.bool_)
    valid = np.array([value is not None for value in values], np.bool_)
    some = next((value for value in values if value is not None), None)
    if some is None:
        return [], valid
    return values if valid.all() else [some if value is None else value for value in values], valid


def _array(values: Any, types: Set[type], kinds: str) -> npt.NDArray[Any] | None:
    """The values as an array of these kinds; None where one is of another type, whatever its neighbours are."""
    if not isinstance(values, np.ndarray):
        if set(map(type, values)) - types:
            return None
        values = np.asarray(values)
    return values if values.dtype.kind in kinds else None


def _booleans(values: Any) -> _Cells | None:
    array = _array(values, {bool}, "b")
    return None if array is None else (array.astype(np.int64), b"")


def _doubles(values: Any) -> _Cells | None:
    array = _array(values, _NUMBERS, "fi")
    return None if array is None else (array.astype(np.float64).view(np.int64), b"")


def _floats(values: Any) -> _Cells | None:
    array = _array(values, _NUMBERS, "fi")
    if array is None or (np.abs(array) > _LARGEST_FLOAT).any():
        return None
    with np.errstate(invalid="ignore"):  # no number may also be one that signals
        return array.astype(np.float32).view(np.uint32).astype(np.int64), b""


def _longs(values: Any) -> _Cells | None:
    array = _array(values, _WHOLE, "i")
    return None if array is None else (array.astype(np.int64), b"")


def _instants(values: Any, tick: timedelta) -> _Cells | None:
    if isinstance(values, np.ndarray) or set(map(type, values)) - {datetime}:
        return _longs(values)
    if any(value.utcoffset() is None for value in values):
        return None
    return np.array([(value - EPOCH) // tick for value in values], np.int64), b""


def _ints(values: Any) -> _Cells | None:
    ready = _longs(values)
    return ready if ready and (ready[0] == ready[0].astype(np.int32)).all() else None


def _strings(values: Any) -> _Cells | None:
    if set(map(type, values)) - {str}:
        return None
    try:
        return _sized([value.encode() for value in values])
    except UnicodeEncodeError:
        return None


def _blobs(values: Any) -> _Cells | None:
    return None if set(map(type, values)) - {bytes} else _sized(values)


def _symbols(values: Any, places: Mapping[str, int]) -> _Cells | None:
    if set(map(type, values)) - {str} or not places.keys() >= set(values):
        return None
    return np.array([places[value] for value in values], np.int64), b""


def _sized(values: Sequence[bytes]) -> _Cells:
    sizes = np.array([len(value) for value in values], np.int64)
    return (sizes.cumsum() - sizes << SIZE_BITS) | sizes, b"".join(values)


_WHOLE = {int, np.int64}
_NUMBERS = {float, np.float64, *_WHOLE}
_LARGEST_FLOAT = float(np.finfo(np.float32).max)
_KINDS: dict[str, tuple[int, _Ready]] = {
    "boolean": (do.BOOLEAN, _booleans),
    "double": (do.DOUBLE, _doubles),
    "float": (do.FLOAT, _floats),
    "int": (do.NUMBER, _ints),
    "long": (do.NUMBER, _longs),
    "string": (do.SIZED, _strings),
    "bytes": (do.SIZED, _blobs),
}
