"""State of many features, and of many copies of a model, in one array."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from models.compiled.twin import NoTwin

T = TypeVar("T", bound=np.generic)
N = TypeVar("N", bound=tuple[Any, ...])


def with_room(state: N, copies: int, features: int, unused: Collection[str] = (), /, **begin: float) -> N:
    """A named tuple of arrays, by copy, or by copy and feature, with room for at least so many.

    New places hold 0, or what `begin` says of their array. Arrays that are `unused` have no features.

    >>> from typing import NamedTuple
    >>> class Sums(NamedTuple):
    ...     counts: npt.NDArray[np.int64]
    ...     totals: npt.NDArray[np.float64]
    >>> sums = with_room(Sums(np.array([7]), np.array([[1.0]])), 2, 2, totals=0.5)
    >>> sums.counts.tolist(), sums.totals.tolist()
    ([7, 0], [[1.0, 0.5], [0.5, 0.5]])
    """
    arrays = state._asdict().items()  # type: ignore[attr-defined]
    needs = {name: (copies, 0 if name in unused else features)[: array.ndim] for name, array in arrays}
    return state._make(grown(array, needs[name], begin.get(name, 0)) for name, array in arrays)  # type: ignore[attr-defined, no-any-return]


def grown(array: npt.NDArray[T], shape: tuple[int, ...], fill: float) -> npt.NDArray[T]:
    """The array, or a larger one of at least this shape that begins with it; new places hold `fill`."""
    if all(has >= needs for has, needs in zip(array.shape, shape, strict=True)):
        return array
    larger = np.full([_room(has, needs) for has, needs in zip(array.shape, shape, strict=True)], fill, array.dtype)
    larger[tuple(slice(size) for size in array.shape)] = array
    return larger


def _room(has: int, needs: int) -> int:
    """Twice as much as there was, so that growing step by step costs little."""
    return has if has >= needs else max(needs, 2 * has)


def exact(number: float, below: float) -> float:
    """The number as a float. Raises NoTwin for a whole number that is not below the bound."""
    if isinstance(number, int) and abs(number) >= below:
        raise NoTwin("has learned whole numbers that are too large")
    return float(number)


def kept(number: float, *, is_whole: bool) -> float:
    """The number as Python has it, whole or a float."""
    return int(number) if is_whole else number
