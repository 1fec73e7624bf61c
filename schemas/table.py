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

    @cached_property
    def _records(self) -> list[Entry]:
        records: list[Entry] = [*rows(self.columns, len(self))]
        for position, error in self.errors.items():
            records[position] = error
        return records


def as_list(values: Values) -> list[Any]:
    """Values as Python's own."""
    return values.tolist() if isinstance(values, np.ndarray) else values
