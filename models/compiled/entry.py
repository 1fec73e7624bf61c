"""Columns of a table to the matrix that a compiled pipeline takes."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.compiled.rows import Names
from schemas.column import Column, Numbers, Words
from schemas.kernel import Codes, FlagGrid, Flags, FloatGrid, Floats

EXACT = 2.0**53
"""Below it whole numbers and floats are the same."""

Columns = Mapping[str, Column | Sequence[Any]]


@dataclass(frozen=True)
class Filled:
    """A column of numbers, or of the numbers of words; what `values` hold where `there` is not says nothing.

    `valid` says where it is not null, None where it nowhere is; what is there is valid and finite. `whole` says whether
    numbers are whole or booleans to Python, and no floats: all of them, or each.
    """

    values: Floats
    there: Flags
    valid: Flags | None = None
    whole: Flags | bool = False

    def with_nulls(self) -> Filled:
        """The same, with NaN for null, which counts as being there."""
        if self.valid is None:
            return self
        return replace(
            self, values=np.where(self.valid, self.values, np.nan), there=self.there | ~self.valid, valid=None
        )


def filled(
    column: Column | Sequence[Any], exact_below: float = math.inf, finite_below: float = math.inf
) -> Filled | None:
    """The numbers in a column; None where it holds something else, a whole number that is not below `exact_below`, or a
    finite one that is not below `finite_below`.

    >>> filled([1, None]).there.tolist(), filled(["EWR"]), filled([7], exact_below=4)
    ([True, False], None, None)
    """
    numbers = column if isinstance(column, Numbers) else _numbers(column, min(exact_below, EXACT))
    if numbers is None:
        return None
    if numbers.array.dtype == np.int64 and exact_below < math.inf and (np.abs(numbers.array) >= exact_below).any():
        return None
    values = numbers.array.astype(np.float64)
    there = np.isfinite(values)
    if finite_below < math.inf and (np.abs(values[there]) >= finite_below).any():
        return None
    there = there if numbers.valid is None else there & numbers.valid
    return Filled(values, there, numbers.valid, _are_whole(column, numbers))


def _are_whole(column: Column | Sequence[Any], numbers: Numbers) -> Flags | bool:
    """Which of the numbers in a column are whole: floats may have taken whole ones among them."""
    if numbers.array.dtype != np.float64 or isinstance(column, Numbers):
        return bool(numbers.array.dtype != np.float64)
    return np.array([isinstance(value, int) for value in listed(column)], np.bool_)


def listed(column: Column | Sequence[Any]) -> Sequence[Any]:
    """The values of a column as Python's own."""
    return column if isinstance(column, Sequence) else column.tolist()


def array_of(column: Column | Sequence[Any]) -> tuple[npt.NDArray[Any], Flags]:
    """The values of a column, of which those that are Python's own are objects, and which of them are not null.

    >>> values, there = array_of(["b", None])
    >>> values.tolist(), there.tolist()
    (['b', None], [True, False])
    """
    if isinstance(column, Numbers):
        return column.array, np.ones(len(column), np.bool_) if column.valid is None else column.valid
    values = listed(column)
    objects = np.empty(len(values), object)
    objects[:] = values
    return objects, np.array([value is not None for value in values], np.bool_)


def coded(column: Column | Sequence[Any]) -> tuple[Sequence[Any], Codes]:
    """The values that are in a column, distinct where that is known, and which of them each one is, -1 for null.

    >>> values, codes = coded(["JFK", None, "JFK"])
    >>> values, codes.tolist()
    (['JFK', None, 'JFK'], [0, -1, 2])
    """
    if isinstance(column, Words):
        return column.words, column.codes
    if isinstance(column, Numbers):
        valid = np.ones(len(column.array), np.bool_) if column.valid is None else column.valid
        distinct, codes = np.unique(column.array[valid], return_inverse=True)
        places = np.full(len(valid), -1, np.int32)
        places[valid] = codes
        return distinct.tolist(), places
    values = listed(column)
    there = np.array([value is not None for value in values], np.bool_)
    return values, np.where(there, np.arange(len(values), dtype=np.int32), np.int32(-1))


def spelled(column: Column | Sequence[Any], name: Hashable, words: Names) -> Filled | None:
    """Text, or what else is to be encoded, by its numbers among `words`, which get those that are new.

    None where it holds something else, or what is equal to a word that is spelled in another way, as 1 and True are.

    >>> words = Names()
    >>> spelled(["JFK", None, "EWR", "JFK"], "origin", words).values.tolist(), words.known
    ([0.0, -1.0, 1.0, 0.0], [('origin', 'JFK'), ('origin', 'EWR')])
    """
    distinct, codes = coded(column)
    kinds = {value.__class__ for value in distinct} - {type(None)}
    if len(kinds) > 1 or not kinds <= {str, bool, int}:
        return None
    numbers = np.array([-1 if value is None else words.number((name, value)) for value in distinct] + [-1], np.int32)
    known: Sequence[Any] = words.known
    if kinds & {bool, int} and any(known[at][1].__class__ not in kinds for at in set(numbers.tolist()) - {-1}):
        return None
    found = numbers[codes]
    return Filled(found.astype(np.float64), found >= 0, found >= 0)


def is_text(column: Column | Sequence[Any]) -> bool:
    """Whether a column holds text, as far as its first value says."""
    if isinstance(column, Sequence):
        return isinstance(next((value for value in column if value is not None), None), str)
    return isinstance(column, Words)


def numbered(column: Column | Sequence[Any], classes: Names) -> Filled:
    """Labels by their numbers among `classes`, which get those that are new; what is no class is not there.

    >>> classes = Names()
    >>> labels = numbered(["b", None, "a", "b"], classes)
    >>> labels.values.tolist(), labels.there.tolist(), classes.known
    ([0.0, -1.0, 1.0, 0.0], [True, False, True, True], ['b', 'a'])
    """
    labels, codes = coded(column)
    numbers = np.array([classes.number(label) if _is_class(label) else -1 for label in labels] + [-1], np.int32)[codes]
    return Filled(numbers.astype(np.float64), numbers >= 0)


def _is_class(label: Any) -> bool:
    return isinstance(label, str | int | bytes) or (isinstance(label, float) and math.isfinite(label))


def _numbers(values: Column | Sequence[Any], exact_below: float) -> Numbers | None:
    """Values of Python as a column, None where one is no number, or they are of different kinds.

    Whole numbers may be among floats where all are below the bound.
    """
    values = listed(values)
    kinds = set(map(type, values))
    there = None
    if type(None) in kinds:
        kinds.remove(type(None))
        there = np.array([value is not None for value in values], np.bool_)
    are_mixed = kinds == {int, float}
    kind = float if are_mixed or not kinds else kinds.pop()
    if (kinds and not are_mixed) or kind not in _KINDS:
        return None
    given = values if there is None else [kind() if value is None else value for value in values]
    try:
        array: npt.NDArray[Any] = np.array(given, _KINDS[kind])
    except OverflowError:
        return None
    return None if are_mixed and (np.abs(array) >= exact_below).any() else Numbers(array, there)


_KINDS: dict[type, type] = {bool: np.bool_, int: np.int64, float: np.float64}


def matrix(columns: Sequence[Filled], records: int) -> tuple[FloatGrid, Flags]:
    """The columns side by side, shape `(n, columns)`, and which records have a finite number in each."""
    there = np.ones(records, np.bool_)
    grid = np.empty((records, len(columns)))
    for place, column in enumerate(columns):
        grid[:, place] = column.values
        there &= column.there
    return grid, there


def wholes(columns: Sequence[Filled], records: int) -> FlagGrid:
    """Which numbers are whole in the columns side by side, shape `(n, columns)`."""
    grid = np.empty((records, len(columns)), np.bool_)
    for place, column in enumerate(columns):
        grid[:, place] = column.whole
    return grid
