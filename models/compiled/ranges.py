"""Twins of river's scalers by range: between the smallest and the largest value, or by the largest magnitude."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from models.compiled.arrays import exact, kept
from models.compiled.rows import Lesson, Vocabulary
from models.compiled.scaler import Scaler, expect_no_window
from schemas.kernel import FlagGrid, FloatGrid, blank, kernel


class Ranges(NamedTuple):
    """The smallest and the largest value, by copy and feature; infinite, the wrong way round, where there is none.

    Which of them are whole numbers is for river, which reckons with such exactly.
    """

    lows: FloatGrid
    highs: FloatGrid
    whole_lows: FlagGrid
    whole_highs: FlagGrid


class MinMaxScaler(Scaler):
    """Twin of `preprocessing.MinMaxScaler` without a window."""

    exact_below = 1 << 52  # river subtracts whole numbers as such
    begins: Mapping[str, float] = MappingProxyType({"lows": math.inf, "highs": -math.inf})

    def __init__(self, step: Any) -> None:
        expect_no_window(step)
        self.state = blank(Ranges)

    def scale(self, lesson: Lesson, scaled: Lesson) -> None:
        _scale_by_range(lesson, self.state, scaled)

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        numbers = known.features.numbers(step.max)
        self.make_room(copy + 1, known)
        lows, highs = [step.min[name].get() for name in step.max], [stat.get() for stat in step.max.values()]
        self.state.lows[copy, numbers] = [exact(low, self.exact_below) for low in lows]
        self.state.highs[copy, numbers] = [exact(high, self.exact_below) for high in highs]
        self.state.whole_lows[copy, numbers] = [isinstance(low, int) for low in lows]
        self.state.whole_highs[copy, numbers] = [isinstance(high, int) for high in highs]

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        step.min.clear()
        step.max.clear()
        ranges = zip(*(grid[copy].tolist() for grid in self.state), strict=True)
        for name, (low, high, is_low_whole, is_high_whole) in zip(known.features.known, ranges, strict=False):
            if high >= low:
                step.min[name].min = kept(low, is_whole=is_low_whole)
                step.max[name].max = kept(high, is_whole=is_high_whole)


class Magnitudes(NamedTuple):
    """The largest magnitude, by copy and feature, and whether it is that of a whole number."""

    highs: FloatGrid
    whole: FlagGrid


class MaxAbsScaler(Scaler):
    """Twin of `preprocessing.MaxAbsScaler` without a window."""

    exact_below = 1 << 53  # river divides whole numbers as such

    def __init__(self, step: Any) -> None:
        expect_no_window(step)
        self.state = blank(Magnitudes)

    def scale(self, lesson: Lesson, scaled: Lesson) -> None:
        _scale_by_magnitude(lesson, self.state, scaled)

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        numbers = known.features.numbers(step.abs_max)
        self.make_room(copy + 1, known)
        highs = [stat.get() for stat in step.abs_max.values()]
        self.state.highs[copy, numbers] = [exact(high, self.exact_below) for high in highs]
        self.state.whole[copy, numbers] = [isinstance(high, int) for high in highs]

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        step.abs_max.clear()
        magnitudes = zip(*(grid[copy].tolist() for grid in self.state), strict=True)
        for name, (high, is_whole) in zip(known.features.known, magnitudes, strict=False):
            step.abs_max[name].abs_max = kept(high, is_whole=is_whole)


@kernel
def _scale_by_range(given: Lesson, state: Ranges, scaled: Lesson) -> None:
    before, after = given.before, given.after
    for record in range(len(given.learns)):
        copy = given.copies[record]
        lows, highs = state.lows[copy], state.highs[copy]
        for cell in range(before.bounds[record], before.bounds[record + 1]):
            low, high = lows[before.ids[cell]], highs[before.ids[cell]]
            scaled.before.values[cell] = (before.values[cell] - low) / (high - low) if high - low != 0.0 else 0.0
        if not given.learns[record]:
            continue
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            x, feature = after.values[cell], after.ids[cell]
            if x < lows[feature]:
                lows[feature], state.whole_lows[copy, feature] = x, after.whole[cell]
            if x > highs[feature]:
                highs[feature], state.whole_highs[copy, feature] = x, after.whole[cell]
            low, high = lows[feature], highs[feature]
            scaled.after.values[cell] = (x - low) / (high - low) if high - low != 0.0 else 0.0


@kernel
def _scale_by_magnitude(given: Lesson, state: Magnitudes, scaled: Lesson) -> None:
    before, after = given.before, given.after
    for record in range(len(given.learns)):
        copy = given.copies[record]
        highs = state.highs[copy]
        for cell in range(before.bounds[record], before.bounds[record + 1]):
            high = highs[before.ids[cell]]
            scaled.before.values[cell] = before.values[cell] / high if high != 0.0 else 0.0
        if not given.learns[record]:
            continue
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            x, feature = after.values[cell], after.ids[cell]
            if abs(x) > highs[feature]:
                highs[feature], state.whole[copy, feature] = abs(x), after.whole[cell]
            scaled.after.values[cell] = x / highs[feature] if highs[feature] != 0.0 else 0.0
