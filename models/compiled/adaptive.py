"""Twin of river's scaler by exponentially weighted statistics."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from models.compiled.rows import Lesson, Vocabulary
from models.compiled.scaler import Scaler
from schemas.kernel import FlagGrid, FloatGrid, Floats, blank, kernel, power, shared

_MEAN, _VARIANCE = struct.Struct("<ddd?d"), struct.Struct("<ddd?ddd?dd")  # as river's own state has them


class Weighted(NamedTuple):
    """Exponentially weighted means of values and of their squares, by copy and feature; `known` says of which."""

    means: FloatGrid
    squares: FloatGrid
    known: FlagGrid


class AdaptiveStandardScaler(Scaler):
    """Twin of `preprocessing.AdaptiveStandardScaler`."""

    def __init__(self, step: Any) -> None:
        self._fading = float(step.fading_factor)
        self.state = blank(Weighted)

    def scale(self, lesson: Lesson, scaled: Lesson) -> None:
        _scale_by_weighted(lesson, self.state, self._fading, scaled)

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        numbers = known.features.numbers(step.vars)
        self.make_room(copy + 1, known)
        for number, variance in zip(numbers.tolist(), step.vars.values(), strict=True):
            mean, _, _, is_there, square, *_ = _VARIANCE.unpack(variance._ewvar.__getstate__())
            self.state.means[copy, number] = mean
            self.state.squares[copy, number] = square
            self.state.known[copy, number] = is_there

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        step.means.clear()
        step.vars.clear()
        for name, mean, square, is_there in zip(
            known.features.known, *(grid[copy].tolist() for grid in self.state), strict=False
        ):
            if is_there:
                alpha = self._fading
                tail = (alpha, 1.0 - alpha, True)
                step.means[name]._ewmean.__setstate__(_MEAN.pack(mean, *tail, alpha))
                step.vars[name]._ewvar.__setstate__(_VARIANCE.pack(mean, *tail, square, *tail, alpha, alpha))


@shared
def _scaled(x: float, mean: float, square: float) -> float:
    variance = square - mean * mean
    deviation = power(variance, 0.5) if variance > 0.0 else 0.0
    return (x - mean) / deviation if deviation != 0.0 else 0.0


@shared
def _weigh(sums: Floats, feature: int, x: float, fading: float, is_known: bool) -> None:
    sums[feature] = fading * x + (1.0 - fading) * sums[feature] if is_known else x


@kernel
def _scale_by_weighted(given: Lesson, state: Weighted, fading: float, scaled: Lesson) -> None:
    before, after = given.before, given.after
    for record in range(len(given.learns)):
        copy = given.copies[record]
        means, squares, known = state.means[copy], state.squares[copy], state.known[copy]
        for cell in range(before.bounds[record], before.bounds[record + 1]):
            feature = before.ids[cell]
            scaled.before.values[cell] = _scaled(before.values[cell], means[feature], squares[feature])
        if not given.learns[record]:
            continue
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            x, feature = after.values[cell], after.ids[cell]
            _weigh(means, feature, x, fading, known[feature])
            _weigh(squares, feature, x * x, fading, known[feature])
            known[feature] = True
            scaled.after.values[cell] = _scaled(x, means[feature], squares[feature])
