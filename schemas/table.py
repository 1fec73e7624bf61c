"""Records held as columns, for those who can do without a dictionary each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np
import numpy.typing as npt

Column = list[Any] | npt.NDArray[Any]


class Table(Sequence[dict[str, Any]]):
    """Records with the same fields, as columns; they become dictionaries when one is first asked for.

    A column has shape `(n,)`: a numpy array of float64 or bool, or a list where the values are of another kind.

    >>> table = Table({"x": np.array([1.5, 2.5]), "name": ["a", "b"]})
    >>> len(table), table[1]
    (2, {'x': 2.5, 'name': 'b'})
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @overload
    def __getitem__(self, position: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[dict[str, Any]]: ...
    def __getitem__(self, position: int | slice) -> dict[str, Any] | Sequence[dict[str, Any]]:
        return self._records[position]

    @cached_property
    def _records(self) -> list[dict[str, Any]]:
        columns = map(as_list, self.columns.values())
        return [dict(zip(self.columns, fields, strict=True)) for fields in zip(*columns, strict=True)]


def as_list(column: Column) -> list[Any]:
    """The values of a column as Python's own."""
    return column.tolist() if isinstance(column, np.ndarray) else column
