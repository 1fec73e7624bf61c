"""Twins of river's generalized linear models."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from river import optim
from river.utils import VectorDict

from models.compiled.arrays import with_room
from models.compiled.optimizers import (
    ADA_GRAD,
    ADAM,
    FTRL,
    RMS_PROP,
    SGD,
    Pace,
    Penalty,
    Step,
    clamp,
    learning_rate,
    loss_gradient,
    pace_of,
    penalty_of,
    sigmoid,
    step_of,
)
from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.twin import Answers, Estimator, NoTwin, binary
from schemas.kernel import FlagGrid, Flags, FloatGrid, Floats, Places, blank, kernel, power, shared


class Weights(NamedTuple):
    """What linear models have learned: by copy and feature, and by copy.

    `known` says of which features there is a weight; `first` and `second` are the optimizer's sums, and `penalties` the
    penalty that each weight has had, of at most `due`.
    """

    weights: FloatGrid
    known: FlagGrid
    first: FloatGrid
    second: FloatGrid
    penalties: FloatGrid
    intercepts: Floats
    due: Floats
    iterations: Places


class Design(NamedTuple):
    """The hyperparameters of a linear model."""

    loss: Penalty
    step: Step
    intercept_pace: Pace
    l1: float
    l2: float
    clip: float


LARGEST_ROOT = 1e154
SUMS = {RMS_PROP: ("g2",), ADA_GRAD: ("g2",), ADAM: ("m", "v"), FTRL: ("z", "n"), SGD: ()}


class LinearModel(Estimator):
    """Twin of `linear_model.LinearRegression`, `LogisticRegression` and `Perceptron`."""

    def __init__(self, step: Any) -> None:
        if not isinstance(step.initializer, optim.initializers.Constant):
            raise NoTwin(f"has weights that begin with {type(step.initializer).__name__}")
        if type(step.optimizer) is optim.FTRLProximal and step.l1:
            raise NoTwin("has an l1 penalty beside FTRLProximal, which has none of river's learning rates")
        if type(step.optimizer) is not optim.SGD and not getattr(step.optimizer, "eps", 1.0):
            raise NoTwin("has an optimizer that divides by zero: eps is 0")
        self._is_classifier = hasattr(step, "predict_proba_one")
        self._initial = float(step.initializer.value)
        self._intercept = float(step.intercept_init)
        self._design = Design(
            penalty_of(step.loss),
            step_of(step.optimizer),
            pace_of(step.intercept_lr),
            float(step.l1),
            float(step.l2),
            float(step.clip_gradient),
        )
        self._sums = SUMS[self._design.step.kind]
        self.may_fail = self._design.step.kind in (ADA_GRAD, FTRL)
        self.state = blank(Weights)

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self.state = with_room(
            self.state, copies, len(known.features), weights=self._initial, intercepts=self._intercept
        )

    def learn(self, lesson: Lesson) -> Answers | None:
        said = np.empty(len(lesson.learns))
        if not _learn(lesson, self.state, self._design, said):
            return None
        if not self._is_classifier:
            return Answers(said)
        p = np.empty_like(said)
        _probabilities(said, p)
        return binary(p)

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        weights, optimizer = step.weights, step.optimizer
        numbers = known.features.numbers(weights)
        self.make_room(copy + 1, known)
        state = self.state
        state.weights[copy, numbers] = list(weights.values())
        state.known[copy, numbers] = True
        for name, grid in zip(self._sums, (state.first, state.second), strict=False):
            sums = getattr(optimizer, name) or {}
            grid[copy, known.features.numbers(sums)] = list(sums.values())
        state.intercepts[copy], state.iterations[copy] = step.intercept, optimizer.n_iterations
        if step.l1:
            state.due[copy] = step.max_cum_l1
            state.penalties[copy, known.features.numbers(step.cum_l1)] = list(step.cum_l1.values())

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        state, optimizer = self.state, step.optimizer
        learned = np.flatnonzero(state.known[copy])
        names = [known.features.known[number] for number in learned.tolist()]

        def values(grid: FloatGrid) -> dict[Any, float]:
            return dict(zip(names, grid[copy, learned].tolist(), strict=True))

        step._weights = type(step._weights)(values(state.weights))
        for name, grid in zip(self._sums, (state.first, state.second), strict=False):
            _refill(optimizer, name, values(grid))
        step.intercept, optimizer.n_iterations = float(state.intercepts[copy]), int(state.iterations[copy])
        if step.l1:
            step.max_cum_l1 = float(state.due[copy])
            step.cum_l1 = type(step.cum_l1)(values(state.penalties), optim.initializers.Zeros())


def _refill(optimizer: Any, name: str, values: dict[Any, float]) -> None:
    sums = getattr(optimizer, name)
    if isinstance(sums, dict):
        sums.clear()
        sums.update(values)
    else:
        setattr(optimizer, name, VectorDict(values) if values else None)


@shared
def _raw(cells: Cells, record: int, weights: Floats, known: Flags, intercept: float) -> float:
    """What the model says before it learns: a feature without a weight counts nothing."""
    said = 0.0
    for cell in range(cells.bounds[record], cells.bounds[record + 1]):
        feature = cells.ids[cell]
        said += (weights[feature] if known[feature] else 0.0) * cells.values[cell]
    return said + intercept


@shared
def _stepped(w: float, g: float, step: Step, rate: float, sums: tuple[Floats, Floats], feature: int) -> float:
    """A weight after one step of the optimizer along the gradient `g`; `rate` is that of the iteration."""
    first, second = sums
    if step.kind == SGD:
        return w - rate * g
    if step.kind == ADA_GRAD:
        first[feature] += power(g, 2.0)
        return w - rate / power(first[feature] + step.eps, 0.5) * g
    if step.kind == RMS_PROP:
        first[feature] = step.first * first[feature] + (1.0 - step.first) * (g * g)
        return w - rate / power(first[feature] + step.eps, 0.5) * g
    first[feature] = step.first * first[feature] + (1.0 - step.first) * g
    second[feature] = step.second * second[feature] + (1.0 - step.second) * (g * g)
    return float(w - rate * first[feature] / (power(second[feature], 0.5) + step.eps))


@shared
def rate_of(step: Step, iterations: int) -> float:
    rate = learning_rate(step.pace, iterations)
    if step.kind == ADAM:
        rate = rate * power(1.0 - power(step.second, iterations + 1.0), 0.5)
        rate /= 1.0 - power(step.first, iterations + 1.0)
    return rate


@shared
def _proximal(w: float, step: Step, z: float, n: float) -> float:
    """A weight before the gradient of FTRL-Proximal is taken in."""
    if abs(z) <= step.eps:
        return w
    sign = 1.0 if z > 0.0 else -1.0
    return -power((step.second + power(n, 0.5)) / step.first + step.l2, -1.0) * (z - sign * step.eps)


@shared
def _can_square(after: Cells, cells: range, slope: float, weights: Floats, l2: float) -> bool:
    """Whether no gradient is so large that Python cannot square it."""
    for cell in cells:
        g = after.values[cell] * slope
        if l2 != 0.0:
            g += l2 * weights[after.ids[cell]]
        if LARGEST_ROOT < abs(g) < math.inf:
            return False
    return True


@shared
def _update(after: Cells, cells: range, slope: float, state: Weights, copy: int, design: Design) -> None:
    """One step of the optimizer over the features of a record."""
    weights, first, second = state.weights[copy], state.first[copy], state.second[copy]
    step = design.step
    rate = rate_of(step, state.iterations[copy])
    for cell in cells:
        feature, x = after.ids[cell], after.values[cell]
        g = x * slope
        if design.l2 != 0.0:
            g += design.l2 * weights[feature]
        if step.kind != FTRL:
            weights[feature] = _stepped(weights[feature], g, step, rate, (first, second), feature)
            continue
        w = weights[feature] = _proximal(weights[feature], step, first[feature], second[feature])
        n = second[feature]
        s = (power(n + power(g, 2.0), 0.5) - power(n, 0.5)) / step.first
        first[feature] += g - s * w
        second[feature] += power(g, 2.0)


@shared
def _penalize(after: Cells, cells: range, state: Weights, copy: int) -> None:
    """The cumulative L1 penalty of Tsuruoka, Tsujii and Ananiadou, 2009, as river has it."""
    weights, penalties, due = state.weights[copy], state.penalties[copy], state.due[copy]
    for cell in cells:
        feature = after.ids[cell]
        w = weights[feature]
        if w > 0.0:
            left = w - (due + penalties[feature])
            weights[feature] = left if left > 0.0 else 0.0
        elif w < 0.0:
            left = w + (due - penalties[feature])
            weights[feature] = left if left < 0.0 else 0.0
        penalties[feature] += weights[feature] - w


@kernel
def _learn(lesson: Lesson, state: Weights, design: Design, said: Floats) -> bool:
    """Whether river would have come through: Python raises an error where a square is too large."""
    after = lesson.after
    for record in range(len(lesson.learns)):
        copy = lesson.copies[record]
        weights, known, intercepts = state.weights[copy], state.known[copy], state.intercepts
        said[record] = _raw(lesson.before, record, weights, known, intercepts[copy])
        if not lesson.learns[record]:
            continue
        cells = range(after.bounds[record], after.bounds[record + 1])
        for cell in cells:
            known[after.ids[cell]] = True
        raw = _raw(after, record, weights, known, intercepts[copy])
        slope = clamp(loss_gradient(design.loss, lesson.y[record], raw), design.clip)
        iterations = state.iterations[copy]
        intercepts[copy] -= learning_rate(design.intercept_pace, iterations) * slope
        if design.step.kind in (ADA_GRAD, FTRL) and not _can_square(after, cells, slope, weights, design.l2):
            return False
        _update(after, cells, slope, state, copy, design)
        state.iterations[copy] = iterations + 1
        if design.l1 != 0.0:
            state.due[copy] += design.l1 * learning_rate(design.step.pace, iterations + 1)
            _penalize(after, cells, state, copy)
    return True


@kernel
def _probabilities(said: Floats, p: Floats) -> None:
    for record in range(len(said)):
        p[record] = sigmoid(said[record])
