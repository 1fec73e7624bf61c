"""Twins of river's scalers by range: between the smallest and the largest value, or by the largest magnitude."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from models.compiled.arrays import exact
from models.compiled.rows import Lesson, Vocabulary
from models.compiled.scaler import Scaler, expect_no_window
from schemas.kernel import FloatGrid, blank, kernel


class Ranges(NamedTuple):
    """The smallest and the largest value, by copy and feature; infinite, the wrong way round, where there is none."""

    lows: FloatGrid
    highs: FloatGrid


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
        self.state.lows[copy, numbers] = [exact(step.min[name].get(), self.exact_below) for name in step.max]
        self.state.highs[copy, numbers] = [exact(stat.get(), self.exact_below) for stat in step.max.values()]

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        step.min.clear()
        step.max.clear()
        for name, low, high in zip(known.features.known, *(grid[copy].tolist() for grid in self.state), strict=False):
            if high >= low:
                step.min[name].min, step.max[name].max = low, high


class Magnitudes(NamedTuple):
    """The largest magnitude, by copy and feature."""

    highs: FloatGrid


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
        self.state.highs[copy, numbers] = [exact(stat.get(), self.exact_below) for stat in step.abs_max.values()]

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        step.abs_max.clear()
        for name, high in zip(known.features.known, self.state.highs[copy].tolist(), strict=False):
            step.abs_max[name].abs_max = high


@kernel
def _scale_by_range(given: Lesson, state: Ranges, scaled: Lesson) -> None:
    before, after = given.before, given.after
    for record in range(len(given.learns)):
        lows, highs = state.lows[given.copies[record]], state.highs[given.copies[record]]
        for cell in range(before.bounds[record], before.bounds[record + 1]):
            low, high = lows[before.ids[cell]], highs[before.ids[cell]]
            scaled.before.values[cell] = (before.values[cell] - low) / (high - low) if high - low != 0.0 else 0.0
        if not given.learns[record]:
            continue
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            x, feature = after.values[cell], after.ids[cell]
            lows[feature] = min(lows[feature], x)
            highs[feature] = max(highs[feature], x)
            low, high = lows[feature], highs[feature]
            scaled.after.values[cell] = (x - low) / (high - low) if high - low != 0.0 else 0.0


@kernel
def _scale_by_magnitude(given: Lesson, state: Magnitudes, scaled: Lesson) -> None:
    before, after = given.before, given.after
    for record in range(len(given.learns)):
        highs = state.highs[given.copies[record]]
        for cell in range(before.bounds[record], before.bounds[record + 1]):
            high = highs[before.ids[cell]]
            scaled.before.values[cell] = before.values[cell] / high if high != 0.0 else 0.0
        if not given.learns[record]:
            continue
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            x, feature = after.values[cell], after.ids[cell]
            highs[feature] = max(highs[feature], abs(x))
            scaled.after.values[cell] = x / highs[feature] if highs[feature] != 0.0 else 0.0
