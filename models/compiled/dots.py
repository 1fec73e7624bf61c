"""Products of a record and the weights of a model, summed in the order in which river's dictionaries hold them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from models.compiled.rows import Cells
from models.compiled.sums import added
from schemas.kernel import CodeGrid, FlagGrid, Floats, Places, shared


class Keys(NamedTuple):
    """The features of which each row has weights: whether they are `known`, and their `order` by place."""

    counts: Places
    order: CodeGrid
    known: FlagGrid


def load_keys(keys: Keys, row: int, numbers: Any) -> None:
    """Make these features, in this order, those of a row."""
    keys.counts[row] = len(numbers)
    keys.order[row, : len(numbers)] = numbers
    keys.known[row, numbers] = True


def keys_of(keys: Keys, row: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """The features of a row in their order."""
    return keys.order[row, : keys.counts[row]]


@shared
def add_key(keys: Keys, row: int, feature: int) -> None:
    """Have a place for the weight of a feature."""
    if not keys.known[row, feature]:
        keys.known[row, feature] = True
        keys.order[row, keys.counts[row]] = feature
        keys.counts[row] += 1


@shared
def _find(cells: Cells, begin: int, end: int, guess: int, feature: int) -> int:
    """Which of a record's cells holds a feature, `end` if none does."""
    if guess < end and cells.ids[guess] == feature:
        return guess
    for cell in range(begin, end):
        if cells.ids[cell] == feature:
            return cell
    return end


@shared
def dot(cells: Cells, record: int, weights: Floats, keys: Keys, row: int, by_record: bool) -> tuple[float, float]:
    """The sum of the products of what a record and a row both have, and what it lost to rounding.

    They are in the order of the record, or of the row.
    """
    begin, end = cells.bounds[record], cells.bounds[record + 1]
    total, losses = 0.0, 0.0
    if by_record:
        for cell in range(begin, end):
            feature = cells.ids[cell]
            if keys.known[row, feature]:
                total, losses = added(total, losses, cells.values[cell] * weights[feature])
        return total, losses
    for place in range(keys.counts[row]):
        feature = keys.order[row, place]
        cell = _find(cells, begin, end, begin + place, feature)
        if cell < end:
            total, losses = added(total, losses, cells.values[cell] * weights[feature])
    return total, losses
