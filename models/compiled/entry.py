"""Columns of a table to the matrix that a compiled pipeline takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from river import compose

from schemas.kernel import Flags, FloatGrid, Floats
from schemas.table import Column

Columns = Mapping[str, Column]
Head = Callable[[Columns], Columns]


@dataclass(frozen=True)
class Numbers:
    """A column of numbers; what `values` hold where `there` is not says nothing."""

    values: Floats
    there: Flags


def numbers_of(column: Column, exact_below: float = math.inf) -> Numbers | None:
    """The numbers in a column, None where it holds something else, or a whole number that is not below the bound.

    >>> numbers_of([1, None]).there.tolist(), numbers_of(["EWR"]), numbers_of([7], exact_below=4)
    ([True, False], None, None)
    """
    if isinstance(column, np.ndarray):
        return Numbers(column.astype(np.float64), np.isfinite(column))
    there = np.array([value is not None for value in column], np.bool_)
    if not all(value is None or value.__class__ in (int, float, bool) for value in column):
        return None
    if any(value.__class__ is int and abs(value) >= exact_below for value in column):
        return None
    values = np.array([0.0 if value is None else value for value in column], np.float64)
    return Numbers(values, there & np.isfinite(values))


def matrix(columns: Sequence[Numbers], records: int) -> tuple[FloatGrid, Flags]:
    """The columns side by side, shape `(n, columns)`, and which records have a finite number in each."""
    there = np.ones(records, np.bool_)
    grid = np.empty((records, len(columns)))
    for place, column in enumerate(columns):
        grid[:, place] = column.values
        there &= column.there
    return grid, there


def head_of(step: Any) -> Head | None:
    """What a step in front does to columns that learns nothing; None for one that has no twin."""
    if type(step) is compose.Select and not any(callable(key) for key in step.keys):
        return lambda columns: {name: columns[name] for name in step.keys}
    if type(step) is compose.Discard:
        return lambda columns: {name: column for name, column in columns.items() if name not in step.keys}
    return None
