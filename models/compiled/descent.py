"""Generalized linear models that learn by gradients, for kernels: river's formulas over arrays."""

from __future__ import annotations

import math
import sys
from typing import NamedTuple

from models.compiled.optimizers import (
    ADA_GRAD,
    ADAM,
    FTRL,
    RMS_PROP,
    SGD,
    Loss,
    Optimizer,
    Scheduler,
    clamp,
    learning_rate,
    loss_gradient,
)
from models.compiled.rows import Cells
from schemas.kernel import FlagGrid, Flags, FloatGrid, Floats, Places, power, shared


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

    loss: Loss
    optimizer: Optimizer
    intercept_scheduler: Scheduler
    l1: float
    l2: float
    clip: float


LARGEST_ROOT = math.sqrt(sys.float_info.max)
"""Python raises an error where it is asked for the square of more."""


@shared
def raw(cells: Cells, record: int, weights: Floats, known: Flags, intercept: float) -> float:
    """What the model says before it learns: a feature without a weight counts nothing."""
    said = 0.0
    for cell in range(cells.bounds[record], cells.bounds[record + 1]):
        feature = cells.ids[cell]
        said += (weights[feature] if known[feature] else 0.0) * cells.values[cell]
    return said + intercept


@shared
def stepped(
    w: float,
    gradient: tuple[float, float],
    optimizer: Optimizer,
    rate: float,
    sums: tuple[Floats, Floats],
    feature: int,
) -> float:
    """A weight after one step along a gradient, which comes with its square; `rate` is that of the iteration."""
    g, square = gradient
    first, second = sums
    if optimizer.kind == SGD:
        return w - rate * g
    if optimizer.kind == ADA_GRAD:
        first[feature] += square
        return w - rate / power(first[feature] + optimizer.eps, 0.5) * g
    if optimizer.kind == RMS_PROP:
        first[feature] = optimizer.first * first[feature] + (1.0 - optimizer.first) * square
        return w - rate / power(first[feature] + optimizer.eps, 0.5) * g
    first[feature] = optimizer.first * first[feature] + (1.0 - optimizer.first) * g
    second[feature] = optimizer.second * second[feature] + (1.0 - optimizer.second) * square
    return float(w - rate * first[feature] / (power(second[feature], 0.5) + optimizer.eps))


@shared
def rate_of(optimizer: Optimizer, iterations: int) -> float:
    """The learning rate at an iteration, with Adam's corrections of its bias."""
    rate = learning_rate(optimizer.scheduler, iterations)
    if optimizer.kind == ADAM:
        rate = rate * power(1.0 - power(optimizer.second, iterations + 1.0), 0.5)
        rate /= 1.0 - power(optimizer.first, iterations + 1.0)
    return rate


@shared
def _proximal(w: float, optimizer: Optimizer, z: float, n: float) -> float:
    """A weight before the gradient of FTRL-Proximal is taken in."""
    if abs(z) <= optimizer.eps:
        return w
    sign = 1.0 if z > 0.0 else -1.0
    scale = (optimizer.second + power(n, 0.5)) / optimizer.first + optimizer.l2
    return -power(scale, -1.0) * (z - sign * optimizer.eps)


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
    optimizer = design.optimizer
    rate = rate_of(optimizer, state.iterations[copy])
    for cell in cells:
        feature, x = after.ids[cell], after.values[cell]
        g = x * slope
        if design.l2 != 0.0:
            g += design.l2 * weights[feature]
        if optimizer.kind != FTRL:
            square = power(g, 2.0) if optimizer.kind == ADA_GRAD else g * g
            weights[feature] = stepped(weights[feature], (g, square), optimizer, rate, (first, second), feature)
            continue
        w = weights[feature] = _proximal(weights[feature], optimizer, first[feature], second[feature])
        n = second[feature]
        s = (power(n + power(g, 2.0), 0.5) - power(n, 0.5)) / optimizer.first
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


@shared
def learn_record(after: Cells, record: int, y: float, state: Weights, copy: int, design: Design) -> bool:
    """Whether river would have come through: Python raises an error where a square is too large.

    Where it would not, nothing is learned.
    """
    weights, known, intercepts = state.weights[copy], state.known[copy], state.intercepts
    cells = range(after.bounds[record], after.bounds[record + 1])
    for cell in cells:
        known[after.ids[cell]] = True
    said = raw(after, record, weights, known, intercepts[copy])
    slope = clamp(loss_gradient(design.loss, y, said), design.clip)
    if design.optimizer.kind in (ADA_GRAD, FTRL) and not _can_square(after, cells, slope, weights, design.l2):
        return False
    iterations = state.iterations[copy]
    intercepts[copy] -= learning_rate(design.intercept_scheduler, iterations) * slope
    _update(after, cells, slope, state, copy, design)
    state.iterations[copy] = iterations + 1
    if design.l1 != 0.0:
        state.due[copy] += design.l1 * learning_rate(design.optimizer.scheduler, iterations + 1)
        _penalize(after, cells, state, copy)
    return True
