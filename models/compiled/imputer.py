"""Twin of river's imputer by statistics."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
from river import stats
from river.preprocessing.impute import Constant

from models.compiled.arrays import with_room
from models.compiled.entry import EXACT
from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.twin import Features, NoTwin, Transformer
from schemas.kernel import Flags, FloatGrid, Floats, blank, kernel, shared


class Fills(NamedTuple):
    """What takes the place of null, by copy and feature: of means, also how many values there were."""

    values: FloatGrid
    counts: FloatGrid


class Marks(NamedTuple):
    """Which features are filled with means, and which with whole numbers."""

    are_means: Flags
    are_whole: Flags


class StatImputer(Transformer):
    """Twin of `preprocessing.StatImputer` with constants and means."""

    finite_below = 1e300  # a mean of such cannot become infinite, for which river would refuse the record

    def __init__(self, step: Any) -> None:
        self._constants: dict[Hashable, Any] = {}
        self._means: list[Hashable] = []
        for name, stat in step.stats.items():
            if type(stat) is stats.Mean:
                self._means.append(name)
            elif type(stat) is Constant and _is_value(stat.value):
                self._constants[name] = stat.value
            else:
                raise NoTwin(f'fills "{name}" with {stat.value if type(stat) is Constant else type(stat).__name__}')
        self._given: Features = {}
        self._marks = blank(Marks)
        self.state = blank(Fills)

    def expect(self, features: Features) -> Features:
        for name in [*self._constants, *self._means]:
            if name not in features:
                raise NoTwin(f'StatImputer fills "{name}", which is none of what it is given')
        for name in self._means:
            if features[name]:
                raise NoTwin(f'StatImputer fills "{name}" with a mean, and it is text or encoded')
        for name, value in self._constants.items():
            if not features[name] and isinstance(value, str):
                raise NoTwin(f'StatImputer fills "{name}" with text, and it is a number')
        self._given = features
        return features

    def make_room(self, copies: int, known: Vocabulary) -> None:
        numbers = known.features.numbers(self._constants)
        self.state = with_room(self.state, copies, len(known.features))
        self._marks = Marks(
            np.array([name in self._means for name in known.features.known], np.bool_),
            np.array([isinstance(self._constants.get(name), int) for name in known.features.known], np.bool_),
        )
        for number, (name, value) in zip(numbers.tolist(), self._constants.items(), strict=True):
            is_word = isinstance(value, str) or self._given.get(name)
            self.state.values[:, number] = known.words.number((name, value)) if is_word else value

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        numbers = known.features.numbers(self._means)
        self.make_room(copy + 1, known)
        self.state.values[copy, numbers] = [step.stats[name].get() for name in self._means]
        self.state.counts[copy, numbers] = [step.stats[name].n for name in self._means]

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        for name, number in zip(self._means, known.features.numbers(self._means).tolist(), strict=True):
            state = float(self.state.counts[copy, number]), float(self.state.values[copy, number])
            step.stats[name] = stats.Mean._from_state(*state)

    def learn(self, lesson: Lesson) -> Lesson:
        filled = lesson.given(np.empty_like(lesson.before.values), np.empty_like(lesson.after.values))
        _fill(lesson, self.state, self._marks, filled)
        return filled


def _is_value(value: Any) -> bool:
    """Whether a constant is one that columns hold."""
    return isinstance(value, str) or (isinstance(value, int | float) and abs(value) < EXACT)


@shared
def _put(cells: Cells, cell: int, fills: Floats, are_whole: Flags, filled: Cells) -> None:
    value, feature = cells.values[cell], cells.ids[cell]
    is_null = math.isnan(value)
    filled.values[cell] = fills[feature] if is_null else value
    filled.whole[cell] = are_whole[feature] if is_null else cells.whole[cell]


@kernel
def _fill(given: Lesson, state: Fills, marks: Marks, filled: Lesson) -> None:
    before, after = given.before, given.after
    for record in range(len(given.learns)):
        values, counts = state.values[given.copies[record]], state.counts[given.copies[record]]
        for cell in range(before.bounds[record], before.bounds[record + 1]):
            _put(before, cell, values, marks.are_whole, filled.before)
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            x, feature = after.values[cell], after.ids[cell]
            if given.learns[record] and marks.are_means[feature] and not math.isnan(x):
                counts[feature] += 1.0
                values[feature] += (1.0 / counts[feature]) * (x - values[feature])
            _put(after, cell, values, marks.are_whole, filled.after)
