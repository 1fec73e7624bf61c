"""Records held as columns, for those who can do without a dictionary each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from schemas.column import Column, rows
from schemas.errors import BadRecord

Entry = dict[str, Any] | BadRecord
Values = list[Any] | npt.NDArray[Any]
Positions = npt.NDArray[np.intp]


class Table(Sequence[Entry]):
    """Records with the same fields, as columns; they become dictionaries when one is first asked for.

    `errors` says by position, in order, what could not be read; the columns have no value there.

    >>> from schemas.column import Numbers
    >>> table = Table({"x": Numbers(np.array([1.5, 2.5])), "n": Numbers(np.array([3, 4]))})
    >>> len(table), table[1]
    (2, {'x': 2.5, 'n': 4})
    """

    def __init__(self, columns: Mapping[str, Column], errors: Mapping[int, BadRecord] = MappingProxyType({})) -> None:
        self.columns = columns
        self.errors = errors

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @overload
    def __getitem__(self, position: int) -> Entry: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Entry]: ...
    def __getitem__(self, position: int | slice) -> Entry | Sequence[Entry]:
        return self._records[position]

    def readable(self) -> Positions:
        """The positions of the records that could be read."""
        return np.delete(np.arange(len(self)), list(self.errors))

    def take(self, positions: Positions) -> Table:
        """The records at `positions`, in their order, all of which could be read."""
        return Table({name: column.take(positions) for name, column in self.columns.items()})

    @cached_property
    def _records(self) -> list[Entry]:
        records: list[Entry] = [*rows(self.columns, len(self))]
        for position, error in self.errors.items():
            records[position] = error
        return records


def as_list(values: Values | Column) -> list[Any]:
    """Values as Python's own."""
    return values if isinstance(values, list) else values.tolist()


def copied(records: Sequence[Entry]) -> Sequence[Entry]:
    """The same records, whatever becomes of these."""
    if isinstance(records, Table):
        return Table(records.columns, records.errors)
    return [record if isinstance(record, BadRecord) else dict(record) for record in records]


def without(records: Sequence[Entry], errors: Mapping[int, BadRecord]) -> Sequence[Entry]:
    """The records but for those at the positions of `errors`, which are these.

    >>> without([{"x": 1}, {"x": 2}], {1: BadRecord("refused", "too large")})[1].reason
    'refused'
    """
    if isinstance(records, Table):
        return Table(records.columns, {**records.errors, **errors})
    return [errors.get(position, record) for position, record in enumerate(records)]


def there(rows: Sequence[object | None]) -> Positions:
    """The positions of what is there, and could be read."""
    if isinstance(rows, Table):
        return rows.readable()
    gone = [place for place, row in enumerate(rows) if row is None or isinstance(row, BadRecord)]
    return np.delete(np.arange(len(rows)), gone)


def at(rows: Sequence[Any], positions: Sequence[int]) -> Sequence[Any]:
    """What is at these positions, in their order; of a table, all of it could be read."""
    if isinstance(rows, Table):
        return rows.take(np.array(positions, np.intp))
    return [rows[position] for position in positions]


def field_of(records: Sequence[Entry], name: str) -> list[Any]:
    """A field of each record, None where it could not be read."""
    if isinstance(records, Table):
        return records.columns[name].tolist()
    return [None if isinstance(record, BadRecord) else record[name] for record in records]
