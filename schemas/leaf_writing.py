"""Values that are not made of others, made ready for the kernel that writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from fastavro.write import LOGICAL_WRITERS

from schemas import encoding_kernels as do
from schemas.column import Places
from schemas.instants import EPOCH, TICKS
from schemas.matching import kind_of, logical_of
from schemas.spans import SIZE_BITS

Cells = tuple[Places, bytes]
"""What the kernel writes, and the bytes in which its spans lie."""
Ready = Callable[[Any], Cells | None]
"""Makes values ready, none of them null; None if one may be of another type."""


def leaf(type_: Any) -> tuple[int, Ready] | None:
    """How the kernel writes a type, and what makes its values ready; None for types that are made of others.

    >>> kind, ready = leaf({"type": "int", "logicalType": "date"})
    >>> from datetime import date
    >>> ready([date(1970, 1, 2)])
    (array([1]), b'')
    """
    kind, logical = kind_of(type_), logical_of(type_)
    if logical in _INSTANTS:
        return do.NUMBER, _INSTANTS[logical]
    found = _KINDS.get(kind)
    if kind == "enum":
        found = do.NUMBER, partial(_symbols, places={symbol: place for place, symbol in enumerate(type_["symbols"])})
    if kind == "fixed":
        found = do.RAW, partial(_fixed, size=type_["size"])
    if found and logical in LOGICAL_WRITERS:
        found = found[0], partial(_stored, type_=type_, store=LOGICAL_WRITERS[logical], ready=found[1])
    return found


def _array(values: Any, types: Set[type], kinds: str) -> npt.NDArray[Any] | None:
    """The values as an array of these kinds; None where one is of another type, whatever its neighbours are."""
    if not isinstance(values, np.ndarray):
        if set(map(type, values)) - types:
            return None
        values = np.asarray(values)
    return values if values.dtype.kind in kinds else None


def _booleans(values: Any) -> Cells | None:
    array = _array(values, {bool}, "b")
    return None if array is None else (array.astype(np.int64), b"")


def _doubles(values: Any) -> Cells | None:
    array = _array(values, _NUMBERS, "fi")
    return None if array is None else (array.astype(np.float64).view(np.int64), b"")


def _floats(values: Any) -> Cells | None:
    array = _array(values, _NUMBERS, "fi")
    if array is None or (np.abs(array) > _LARGEST_FLOAT).any():
        return None
    with np.errstate(invalid="ignore"):  # no number may also be one that signals
        return array.astype(np.float32).view(np.uint32).astype(np.int64), b""


def _longs(values: Any) -> Cells | None:
    array = _array(values, _WHOLE, "i")
    return None if array is None else (array.astype(np.int64), b"")


def _instants(values: Any, tick: timedelta) -> Cells | None:
    if isinstance(values, np.ndarray) or set(map(type, values)) - {datetime}:
        return _longs(values)
    if any(value.utcoffset() is None for value in values):
        return None
    return np.array([(value - EPOCH) // tick for value in values], np.int64), b""


def _ints(values: Any) -> Cells | None:
    ready = _longs(values)
    return ready if ready and (ready[0] == ready[0].astype(np.int32)).all() else None


def _strings(values: Any) -> Cells | None:
    if set(map(type, values)) - {str}:
        return None
    try:
        return _sized([value.encode() for value in values])
    except UnicodeEncodeError:
        return None


def _blobs(values: Any) -> Cells | None:
    return None if set(map(type, values)) - _BYTES else _sized(values)


def _symbols(values: Any, places: Mapping[str, int]) -> Cells | None:
    if set(map(type, values)) - {str} or not places.keys() >= set(values):
        return None
    return np.array([places[value] for value in values], np.int64), b""


def _sized(values: Sequence[bytes]) -> Cells:
    sizes = np.array([len(value) for value in values], np.int64)
    return (sizes.cumsum() - sizes << SIZE_BITS) | sizes, b"".join(values)


def _fixed(values: Any, size: int) -> Cells | None:
    return _blobs(values) if {len(value) for value in values if type(value) in _BYTES} == {size} else None


def _stored(values: Any, type_: Any, store: Callable[[Any, Any], Any], ready: Ready) -> Cells | None:
    """Of values that stand for something, what is stored of each."""
    if isinstance(values, np.ndarray):
        return ready(values)
    try:
        return ready([store(value, type_) for value in values])
    except (ValueError, TypeError, KeyError, ArithmeticError):
        return None


_BYTES = {bytes, bytearray}
_WHOLE = {int, np.int64}
_NUMBERS = {float, np.float64, *_WHOLE}
_LARGEST_FLOAT = float(np.finfo(np.float32).max)
_KINDS: dict[str, tuple[int, Ready]] = {
    "boolean": (do.BOOLEAN, _booleans),
    "double": (do.DOUBLE, _doubles),
    "float": (do.FLOAT, _floats),
    "int": (do.NUMBER, _ints),
    "long": (do.NUMBER, _longs),
    "string": (do.SIZED, _strings),
    "bytes": (do.SIZED, _blobs),
}
_INSTANTS = {f"long-{logical}": partial(_instants, tick=tick) for logical, tick in TICKS.items()}
