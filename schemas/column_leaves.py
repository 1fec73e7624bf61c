"""Types that are not made of others: how the kernel reads them, and the columns that they become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from fastavro.read import LOGICAL_READERS

from schemas import column_kernels as do
from schemas.column import Blobs, Column, Flags, Instants, Logical, Numbers, Places, Words
from schemas.matching import kind_of, logical_of

Instruction = tuple[int, int, int, int, int]

_MOST_BYTES = (1 << 31) - 1
_DECIMAL_BYTES = 1 << 10  # Python has no decimals for some of those that are much larger
_DAY_MS = 86_400_000
_MILLIS = (-62_135_596_800_000, 253_402_300_799_999)
_MICROS = (_MILLIS[0] * 1000, _MILLIS[1] * 1000 + 999)
_RANGES = {
    "int": (-(1 << 31), (1 << 31) - 1),
    "long": (-(1 << 63), (1 << 63) - 1),
    "long-timestamp-millis": _MILLIS,
    "long-timestamp-micros": _MICROS,
    "long-local-timestamp-millis": _MILLIS,
    "long-local-timestamp-micros": _MICROS,
    "int-date": (-719_162, 2_932_896),
    "int-time-millis": (0, _DAY_MS - 1),
    "long-time-micros": (0, _DAY_MS * 1000 - 1),
}
"""What is a whole number, or a date or a time in Python."""
_OTHERS = ("bytes-decimal", "fixed-decimal", "string-uuid")


class Unsupported(Exception):
    """A type that is read record by record only."""


@dataclass(frozen=True)
class Leaf:
    """A type of the writer's, and the kind that the reader takes it for. A logical type is what it is to the writer.

    >>> Leaf.of({"type": "int", "logicalType": "date"}, "int").column(b"", np.array([1]), None).tolist()
    [datetime.date(1970, 1, 2)]
    """

    type_: Any
    kind: str
    wanted: str
    logical: str = ""

    @classmethod
    def of(cls, type_: Any, wanted: str) -> Leaf:
        kind, logical = kind_of(type_), logical_of(type_)
        if logical not in LOGICAL_READERS:
            return cls(type_, kind, wanted)
        if logical not in _RANGES and logical not in _OTHERS:
            raise Unsupported
        return cls(type_, kind, kind, logical)

    def instruction(self, row: int) -> Instruction:
        """How the kernel reads it into a row. Raises Unsupported."""
        match self.kind:
            case "boolean":
                return do.BOOLEAN, row, 0, 0, 0
            case "float":
                return do.FLOAT, row, 0, 0, 0
            case "double":
                return do.DOUBLE, row, 1, 0, 0
            case "int" | "long":
                least, largest = _RANGES[self.logical or self.kind]
                return do.INT if self.kind == "int" else do.LONG, row, least, largest, 0
            case "fixed" if self.type_["size"] <= _MOST_BYTES:
                return do.FIXED, row, self.type_["size"], 0, 0
            case "bytes" | "string":
                most = _DECIMAL_BYTES if self.logical == "bytes-decimal" else _MOST_BYTES
                text = do.UUID if self.logical == "string-uuid" else do.TEXT
                return text if "string" in (self.kind, self.wanted) else do.BYTES, row, most, 0, 0
        raise Unsupported

    def column(self, values: bytes, cells: Places, valid: Flags | None) -> Column:
        """The column of what the kernel has read out of `values`."""
        match self.logical:
            case "long-timestamp-millis":
                return Instants(cells, "ms", valid)
            case "long-timestamp-micros":
                return Instants(cells, "us", valid)
        stored = self._stored(values, cells, valid)
        if not self.logical:
            return stored
        read = LOGICAL_READERS[self.logical]
        return Logical(stored, lambda value: read(value, self.type_, None), self.logical)

    def _stored(self, values: bytes, cells: Places, valid: Flags | None) -> Column:
        match self.wanted:
            case "string":
                return Words.within(values, cells, valid)
            case "bytes" | "fixed":
                return Blobs(values, cells, valid)
        return Numbers(self._array(cells), valid)

    def _array(self, cells: Places) -> npt.NDArray[Any]:
        match self.kind:
            case "boolean":
                return cells.astype(np.bool_)
            case "double":
                return cells.view(np.float64)
            case "float":
                with np.errstate(invalid="ignore"):  # no number may also be one that signals
                    return cells.astype(np.uint32).view(np.float32).astype(np.float64)
        return cells.astype(np.float64) if self.wanted in ("float", "double") else cells
