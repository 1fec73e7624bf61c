"""Schemas whose records all have one size, read as a table: a numpy view instead of a decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.instant_columns import instants
from schemas.table import Column, Table

HEADER_BYTES = 5
# a varint of six bytes holds every instant between July 1970 and September 2039
_INSTANT_BYTES = 6
_KINDS = {"double": "<f8", "float": "<f4", "boolean": "u1"}
_FLOATS = ("<f8", "<f4")


@dataclass(frozen=True)
class Layout:
    """The fields of a flat record of fixed size, each with its numpy format.

    Instants (`timestamp-millis`) count as fixed: those of our decades take six bytes; records with others are not
    read here.

    >>> layout = Layout.of({"type": "record", "name": "r", "fields": [{"name": "a", "type": "float"}]})
    >>> layout.size_bytes
    9
    """

    record: str
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, schema: dict[str, Any]) -> Layout | None:
        """The layout of a parsed schema, None if its records differ in size."""
        fields = tuple((field["name"], _kind(field["type"])) for field in schema["fields"])
        if not fields or any(kind is None for _, kind in fields):
            return None
        return cls(schema["name"], tuple((name, kind or "") for name, kind in fields))

    @cached_property
    def dtype(self) -> np.dtype[np.void]:
        formats: list[Any] = [("header", "V5")]
        for position, (_, kind) in enumerate(self.fields):
            formats.append((str(position), "u1", (_INSTANT_BYTES,)) if kind == "instant" else (str(position), kind))
        return np.dtype(formats)

    @property
    def size_bytes(self) -> int:
        return self.dtype.itemsize

    def records(self, values: Sequence[bytes]) -> list[dict[str, Any] | None]:
        """The records in `values`, which all have this size and this schema; None for one that needs a strict look."""
        table, usable = self._read(np.frombuffer(b"".join(values), self.dtype))
        return [record if good else None for record, good in zip(table, usable.tolist(), strict=True)]

    def table(self, values: bytes) -> Table | None:
        """The records in `values`, one after the other; None unless all are fine and of the first one's schema."""
        cells = np.frombuffer(values, self.dtype)
        headers = np.frombuffer(values, np.uint8).reshape(len(cells), self.size_bytes)[:, :HEADER_BYTES]
        if not (headers == headers[0]).all():
            return None
        table, usable = self._read(cells)
        return table if usable.all() else None

    def _read(self, cells: npt.NDArray[np.void]) -> tuple[Table, npt.NDArray[np.bool_]]:
        usable = np.ones(len(cells), np.bool_)
        columns = {}
        for position, (name, kind) in enumerate(self.fields):
            columns[name], good = _column(cells[str(position)], kind)
            usable &= good
        return Table(columns), usable


def _kind(type_: Any) -> str | None:
    if isinstance(type_, str):
        return _KINDS.get(type_)
    if not isinstance(type_, dict):
        return None
    match type_["type"], type_.get("logicalType"):
        case "long", "timestamp-millis":
            return "instant"
        case "fixed", None if type_["size"] > 0:
            return f"V{type_['size']}"
        case str(primitive), None:
            return _KINDS.get(primitive)
    return None


def _column(cells: npt.NDArray[Any], kind: str) -> tuple[Column, npt.NDArray[np.bool_] | np.bool_]:
    if kind == "instant":
        return _instants(cells)
    if kind == "u1":
        return cells != 0, cells <= 1
    return cells.astype(np.float64) if kind in _FLOATS else cells.tolist(), np.True_


def _instants(cells: npt.NDArray[np.uint8]) -> tuple[list[datetime], npt.NDArray[np.bool_]]:
    more = cells >= 0x80
    good = more[:, :-1].all(axis=1) & ~more[:, -1]
    weights = np.int64(1) << (7 * np.arange(_INSTANT_BYTES, dtype=np.int64))
    zigzag = (cells & 0x7F).astype(np.int64) @ weights
    millis = (zigzag >> 1) ^ -(zigzag & 1)
    return instants(millis, "ms"), good
