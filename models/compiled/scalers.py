"""Twins of river's scalers."""

from __future__ import annotations

from typing import Any, NamedTuple

from models.compiled.rows import Lesson, Vocabulary
from models.compiled.scaler import Scaler, expect_no_window
from schemas.kernel import FloatGrid, Floats, PlaceGrid, blank, kernel, power, shared


class Moments(NamedTuple):
    """What a standard scaler has learned, by copy and feature."""

    counts: PlaceGrid
    means: FloatGrid
    variances: FloatGrid


class StandardScaler(Scaler):
    """Twin of `preprocessing.StandardScaler` without a window."""

    def __init__(self, step: Any) -> None:
        expect_no_window(step)
        self._with_std = bool(step.with_std)
        self.state = blank(Moments)

    def scale(self, lesson: Lesson, scaled: Lesson) -> None:
        _scale(lesson, self.state, self._with_std, scaled)

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        numbers = known.features.numbers(step.counts)
        self.make_room(copy + 1, known)
        self.state.counts[copy, numbers] = list(step.counts.values())
        self.state.means[copy, numbers] = [step.means[name] for name in step.counts]
        if self._with_std:
            self.state.variances[copy, numbers] = [step.vars[name] for name in step.counts]

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        counts, means, variances = (array[copy].tolist() for array in self.state)
        step.counts.clear()
        step.means.clear()
        step.vars.clear()
        for name, count, mean, variance in zip(known.features.known, counts, means, variances, strict=False):
            if count:
                step.counts[name], step.means[name] = count, mean
                if self._with_std:
                    step.vars[name] = variance


@shared
def _scaled(x: float, feature: int, means: Floats, variances: Floats, with_std: bool) -> float:
    if not with_std:
        return float(x - means[feature])
    variance = variances[feature]
    return float((x - means[feature]) / power(variance, 0.5)) if variance != 0.0 else 0.0


@kernel
def _scale(given: Lesson, state: Moments, with_std: bool, scaled: Lesson) -> None:
    before, after = given.before, given.after
    for record in range(len(given.learns)):
        copy = given.copies[record]
        counts, means, variances = state.counts[copy], state.means[copy], state.variances[copy]
        for cell in range(before.bounds[record], before.bounds[record + 1]):
            scaled.before.values[cell] = _scaled(before.values[cell], before.ids[cell], means, variances, with_std)
        if not given.learns[record]:
            continue
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            x, feature = after.values[cell], after.ids[cell]
            counts[feature] += 1
            mean = means[feature]
            means[feature] += (x - mean) / counts[feature]
            if with_std:
                change = (x - mean) * (x - means[feature]) - variances[feature]
                variances[feature] += change / counts[feature]
            scaled.after.values[cell] = _scaled(x, feature, means, variances, with_std)
