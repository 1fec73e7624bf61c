"""Schemas taken apart: what the kernel does for each field, resolved to a reader's schema, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from schemas import column_kernels as do
from schemas.column import Column, Flags, Nested, Places, Words, constant
from schemas.column_leaves import Instruction, Leaf, Unsupported
from schemas.matching import branch_for, kind_of

_SCRATCH = 0  # the row of what nobody asks for
_MOST_VALUES = 1_000  # in a record: a schema can name a type twice in one that it names twice, and so on


@dataclass(frozen=True)
class Reading:
    """What the kernel has read; `whole` where all records are good."""

    values: bytes
    cells: do.Cells
    whole: bool

    @property
    def count(self) -> int:
        return len(self.cells.good)

    def row(self, row: int) -> Places:
        cells: Places = self.cells.cells[row]
        return cells

    def valid(self, row: int, nullable: bool) -> Flags | None:
        return None if self.whole and not nullable else self.cells.valid[row]


Make = Callable[[Reading], Column]
_Value = tuple[list[Instruction], Make]
_Fields = tuple[list[Instruction], dict[str, Make]]


class Compiler:
    """Takes schemas apart; where nothing is to be resolved, the reader's is None. Raises Unsupported."""

    def __init__(self) -> None:
        self.rows = _SCRATCH + 1
        self.symbols: list[int] = []
        self._names: dict[str, Any] = {}
        self._values = 0

    def record(self, writer: Any, reader: Any, *, nullable: bool) -> _Fields:
        """How the fields of a record are read, and what makes their columns."""
        wanted = None if reader is None else _by_name(reader)
        code: list[list[Instruction]] = []
        makes: dict[str, Make] = {}
        for field in writer["fields"]:
            name, type_ = (field["name"], None) if wanted is None else wanted.get(field["name"], (None, None))
            if name is None:
                code.append(self._skip(field["type"]))
                continue
            if name in makes:
                raise Unsupported
            part, makes[name] = self._value(field["type"], type_, nullable)
            code.append(part)
        for field in () if reader is None else reader["fields"]:
            if field["name"] not in makes:
                makes[field["name"]] = _default(field)
        return _joined(code), makes

    def _value(self, writer: Any, reader: Any, nullable: bool) -> _Value:
        if isinstance(writer, list):
            return self._union(writer, reader, nullable)
        kind = self._counted(writer)
        if reader is None and kind in self._names:
            return self._value(self._names[kind], None, nullable)
        branch = writer if reader is None else branch_for(writer, reader)
        if branch is None:
            raise Unsupported
        self._note(kind, writer)
        match kind:
            case "null":
                return [], lambda reading: constant(None, reading.count)
            case "record":
                return self._nested(writer, reader and branch, nullable)
            case "enum":
                return self._enum(writer, branch, nullable)
        return self._leaf(Leaf.of(writer, kind_of(branch)), nullable)

    def _union(self, writer: list[Any], reader: Any, nullable: bool) -> _Value:
        null, other = _null_and(writer)
        takes_null = reader is None or branch_for("null", reader) is not None
        first = self.rows
        code, make = self._value(other, reader, nullable or (null is not None and takes_null))
        if null is not None and not takes_null:
            return [(do.BRANCH, _SCRATCH, 1 - null, 0, 0), *code], make
        return _optional(null, code, first, self.rows), make

    def _nested(self, writer: Any, reader: Any, nullable: bool) -> _Value:
        row = self._row()
        code, makes = self.record(writer, reader, nullable=nullable)

        def made(reading: Reading) -> Column:
            columns = {name: make(reading) for name, make in makes.items()}
            return Nested(columns, reading.count, reading.valid(row, nullable))

        return code, made

    def _enum(self, writer: Any, reader: Any, nullable: bool) -> _Value:
        resolved = [
            symbol if symbol in reader["symbols"] else reader.get("default") or None for symbol in writer["symbols"]
        ]
        words = [word for word in dict.fromkeys(resolved) if word is not None]
        row = self._row()

        def made(reading: Reading) -> Column:
            codes, valid = reading.row(row).astype(np.int32), reading.valid(row, nullable)
            return Words.of(codes if valid is None else np.where(valid, codes, np.int32(-1)), words)

        return [self._symbols(row, [-1 if word is None else words.index(word) for word in resolved])], made

    def _leaf(self, leaf: Leaf, nullable: bool) -> _Value:
        row = self._row()
        return [leaf.instruction(row)], lambda reading: leaf.column(
            reading.values, reading.row(row), reading.valid(row, nullable)
        )

    def _skip(self, writer: Any) -> list[Instruction]:
        if isinstance(writer, list):
            null, other = _null_and(writer)
            return _optional(null, self._skip(other), _SCRATCH, _SCRATCH + 1)
        kind = self._counted(writer)
        if kind in self._names:
            return self._skip(self._names[kind])
        self._note(kind, writer)
        match kind:
            case "null":
                return []
            case "record":
                return _joined(self._skip(field["type"]) for field in writer["fields"])
            case "enum":
                return [self._symbols(_SCRATCH, range(len(writer["symbols"])))]
        leaf = Leaf.of(writer if kind == "fixed" else "bytes" if kind == "string" else kind, "")
        return [leaf.instruction(_SCRATCH)]

    def _counted(self, writer: Any) -> str:
        """The kind of a value that is one more in the record."""
        self._values += 1
        if self._values > _MOST_VALUES:
            raise Unsupported
        return kind_of(writer)

    def _note(self, kind: str, writer: Any) -> None:
        if kind in ("record", "enum", "fixed"):
            self._names[writer["name"]] = writer

    def _row(self) -> int:
        self.rows += 1
        return self.rows - 1

    def _symbols(self, row: int, codes: Sequence[int]) -> Instruction:
        self.symbols += codes
        return do.ENUM, row, len(self.symbols) - len(codes), len(codes), 0


def _by_name(reader: Any) -> dict[str, tuple[str, Any]]:
    """The reader's fields by all names that they have; a name goes before an alias."""
    fields = [(field["name"], field["type"], field.get("aliases", ())) for field in reader["fields"]]
    aliases = {alias: (name, type_) for name, type_, others in fields for alias in others}
    return {**aliases, **{name: (name, type_) for name, type_, _ in fields}}


def _default(field: Any) -> Make:
    if "default" not in field:
        raise Unsupported
    return lambda reading: constant(field["default"], reading.count)


def _null_and(union: list[Any]) -> tuple[int | None, Any]:
    """Which branch is null, if there are two, and the other one."""
    kinds = [kind_of(branch) for branch in union]
    if len(union) == 1:
        return None, union[0]
    if len(union) != 2 or "null" not in kinds:
        raise Unsupported
    null = kinds.index("null")
    return null, union[1 - null]


def _optional(null: int | None, code: list[Instruction], first: int, behind: int) -> list[Instruction]:
    """The instructions of a union; those of the branch that is not null fill the rows from `first` to `behind`."""
    if null is None:
        return [(do.BRANCH, _SCRATCH, 0, 0, 0), *code]
    return [(do.UNION, first, behind, null, len(code)), *code]


def _joined(parts: Iterable[list[Instruction]]) -> list[Instruction]:
    """The instructions of fields, one after the other; doubles in a row are read together."""
    code: list[Instruction] = []
    in_run = False
    for part in parts:
        are_doubles = len(part) == 1 and part[0][0] == do.DOUBLE
        if in_run and are_doubles and code[-1][1] + code[-1][2] == part[0][1]:
            code[-1] = (do.DOUBLE, code[-1][1], code[-1][2] + part[0][2], 0, 0)
        else:
            code += part
        in_run = are_doubles
    return code
