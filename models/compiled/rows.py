"""Records as a kernel sees them: numbered features and their values, record after record, in river's order."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from schemas.kernel import Codes, FlagGrid, Flags, FloatGrid, Floats, Places


class Names:
    """Names of features, words, classes or keys, numbered in the order in which they were met.

    >>> names = Names()
    >>> names.numbers(["delay", "hour"]).tolist(), names.numbers(["hour", "far"]).tolist(), names.known
    ([0, 1], [1, 2], ['delay', 'hour', 'far'])
    """

    def __init__(self) -> None:
        self.known: list[Hashable] = []
        self._numbers: dict[Hashable, int] = {}

    def __len__(self) -> int:
        return len(self.known)

    def __deepcopy__(self, _: Any) -> Names:
        """Itself: a number is given once and for all."""
        return self

    def numbers(self, names: Iterable[Hashable]) -> Codes:
        """The number of each name, in their order; a new name gets the next one."""
        given = list(names)
        numbers = np.fromiter(map(self._numbers.get, given, repeat(-1)), np.int32, len(given))
        for place in np.flatnonzero(numbers < 0).tolist():
            numbers[place] = self.number(given[place])
        return numbers

    def number(self, name: Hashable) -> int:
        """The number of a name; a new one gets the next number."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self.known)
            self.known.append(name)
        return number


class Vocabulary:
    """What the steps of a pipeline have met, numbered once for all of them and for all copies.

    `features` are names of features; `words` pairs of a feature and its text; `classes` the labels of a classifier that
    takes any. Values that are equal to Python have one number, as they have one place in a dictionary of river's.
    `is_ambiguous` says that a feature that was made of a word has the name of another feature.
    """

    def __init__(self) -> None:
        self.features, self.words, self.classes = Names(), Names(), Names()
        self.is_ambiguous = False
        self._made_of: dict[int, int | None] = {}

    def __deepcopy__(self, _: Any) -> Vocabulary:
        """Itself, as its names are."""
        return self

    def fields(self, names: Iterable[Hashable]) -> Codes:
        """The numbers of features that records have as they are."""
        numbers = self.features.numbers(names)
        for number in numbers.tolist():
            self._make(number, None)
        return numbers

    def made_of(self, word: int, name: Hashable) -> int:
        """The number of the feature `name`, which is made of a word."""
        number = self.features.number(name)
        self._make(number, word)
        return number

    def _make(self, number: int, origin: int | None) -> None:
        if self._made_of.setdefault(number, origin) != origin:
            self.is_ambiguous = True

    @property
    def is_empty(self) -> bool:
        return not (self.features or self.words or self.classes)


class Cells(NamedTuple):
    """What kernels take of rows: record `r` has the features `ids[bounds[r]:bounds[r + 1]]` and such `values`.

    The value of a feature that is text is the number of its word, see `Vocabulary`. `whole` says which values are whole
    numbers or booleans to river, and no floats.
    """

    bounds: Places
    ids: Codes
    values: Floats
    whole: Flags

    def slice(self, start: int, stop: int) -> Cells:
        """The records from `start` up to `stop`."""
        bounds = self.bounds[start : stop + 1]
        cells = slice(bounds[0], bounds[-1])
        return Cells(bounds - bounds[0], self.ids[cells], self.values[cells], self.whole[cells])


class Lesson(NamedTuple):
    """Records on their way through a pipeline that predicts each and then learns from some, as kernels take them.

    `before` are the records as they are when the model predicts, `after` when it learns from them: a step in front that
    learns changes what it gives in between. `y`, `(n,)`, are the labels, `learns`, `(n,)`, says which records are
    learned from, and `copies`, `(n,)`, by which copy of the model. Where nothing is learned, the numbers in `after`
    say nothing, but words are there.
    """

    before: Cells
    after: Cells
    y: Floats
    learns: Flags
    copies: Codes

    def given(self, before: Floats, after: Floats) -> Lesson:
        """The same features with other values, all floats."""
        return self._replace(before=_floats(self.before, before), after=_floats(self.after, after))


def _floats(cells: Cells, values: Floats) -> Cells:
    return cells._replace(values=values, whole=np.zeros(len(values), np.bool_))


def of_grid(features: Codes, grid: FloatGrid, whole: FlagGrid | None = None) -> Cells:
    """Records that all have the same features; `grid` has a row a record, and so has `whole`, all floats by default.

    >>> cells = of_grid(np.array([4, 2], np.int32), np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> [array.tolist() for array in cells]
    [[0, 2, 4], [4, 2, 4, 2], [1.0, 2.0, 3.0, 4.0], [False, False, False, False]]
    """
    records, width = grid.shape
    are_whole = np.zeros(grid.shape, np.bool_) if whole is None else whole
    return Cells(np.arange(records + 1) * width, np.tile(features, records), grid.reshape(-1), are_whole.reshape(-1))
