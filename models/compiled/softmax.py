"""Twin of river's softmax regression."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np
from river import optim

from models.compiled.arrays import with_room
from models.compiled.classes import Classes, Ranking, Ranks, answers, learned_row, unranked
from models.compiled.descent import LARGEST_ROOT, rate_of, stepped
from models.compiled.dots import Keys, add_key, dot, keys_of, load_keys
from models.compiled.optimizers import SGD, SUMS, Optimizer, optimizer_of
from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.sums import compensated
from models.compiled.twin import Answers, Estimator, NoTwin
from schemas.kernel import FloatGrid, Floats, Places, blank, exp, kernel, power, shared


class Slopes(NamedTuple):
    """What was learned of each class: by row and feature, weights and the optimizer's sums; by row, its iterations."""

    weights: FloatGrid
    first: FloatGrid
    second: FloatGrid
    iterations: Places


class Model(NamedTuple):
    """All that was learned."""

    ranks: Ranks
    keys: Keys
    slopes: Slopes


class Design(NamedTuple):
    """The hyperparameters."""

    optimizer: Optimizer
    l2: float


class Costs(NamedTuple):
    """How much the loss of each class counts, and room for the probability at each place."""

    of_class: Floats
    p: Floats


class SoftmaxRegression(Estimator):
    """Twin of `linear_model.SoftmaxRegression`."""

    takes_classes = True

    def __init__(self, step: Any) -> None:
        if type(step.loss) is not optim.losses.CrossEntropy:
            raise NoTwin(f"has a loss without a twin, {type(step.loss).__name__}")
        if type(step.optimizer) is optim.FTRLProximal:
            raise NoTwin("has FTRLProximal, which gives numbers of two kinds, and these add up in two ways")
        if type(step.optimizer) is not optim.SGD and not getattr(step.optimizer, "eps", 1.0):
            raise NoTwin("has an optimizer that divides by zero: eps is 0")
        if step.optimizer.n_iterations:
            raise NoTwin("has an optimizer that has been in use")
        self._design = Design(optimizer_of(step.optimizer), float(step.l2))
        self._cost_of = {label: float(cost) for label, cost in step.loss.class_weight.items()}
        self._sums = SUMS[self._design.optimizer.kind]
        self.may_fail = self._design.optimizer.kind != SGD
        self.known = Vocabulary()
        self.classes = Classes()
        self.keys, self.slopes = blank(Keys), blank(Slopes)

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self.known = known
        self.classes.make_room(copies, known)
        self._make_row_room()

    def _make_row_room(self) -> None:
        rows, features = self.classes.rows, len(self.known.features)
        self.keys, self.slopes = with_room(self.keys, rows, features), with_room(self.slopes, rows, features)

    def learn(self, lesson: Lesson) -> Answers | None:
        self.classes.meet(lesson)
        self._make_row_room()
        labels = self.known.classes.known
        costs = Costs(np.array([self._cost_of.get(label, 1.0) for label in labels]), np.empty(len(labels)))
        model, said = Model(self.classes.ranks, self.keys, self.slopes), unranked(len(lesson.learns), self.known)
        if not _learn(lesson, model, self._design, costs, said):
            return None
        return answers(said, self.known)

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        numbers = {label: known.features.numbers(weights) for label, weights in step.weights.items()}
        rows = self.classes.load(copy, known, step.weights)
        self.make_room(copy + 1, known)
        for row, (label, weights) in zip(rows.tolist(), step.weights.items(), strict=True):
            optimizer = step.optimizers[label]
            load_keys(self.keys, row, numbers[label])
            self.slopes.weights[row, numbers[label]] = list(weights.values())
            for name, grid in zip(self._sums, (self.slopes.first, self.slopes.second), strict=False):
                sums = getattr(optimizer, name) or {}
                grid[row, known.features.numbers(sums)] = list(sums.values())
            self.slopes.iterations[row] = optimizer.n_iterations

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        for label, row in self.classes.stored(copy, known).items():
            numbers = keys_of(self.keys, row)
            names = [known.features.known[number] for number in numbers.tolist()]
            weights, optimizer = step.weights[label], step.optimizers[label]
            weights.clear()
            weights.update(zip(names, self.slopes.weights[row, numbers].tolist(), strict=True))
            for name, grid in zip(self._sums, (self.slopes.first, self.slopes.second), strict=False):
                setattr(optimizer, name, defaultdict(float, zip(names, grid[row, numbers].tolist(), strict=True)))
            optimizer.n_iterations = int(self.slopes.iterations[row])


@shared
def _softmax(cells: Cells, record: int, copy: int, model: Model, p: Floats) -> None:
    """The probability of the class at each place."""
    ranks, known = model.ranks, model.ranks.known[copy]
    largest, total = 0.0, 0.0
    for place in range(known):
        row = ranks.rows[copy, place]
        by_record = model.keys.counts[row] >= cells.bounds[record + 1] - cells.bounds[record]
        said, losses = dot(cells, record, model.slopes.weights[row], model.keys, row, by_record)
        p[place] = compensated(said, losses)
        if place == 0 or p[place] > largest:
            largest = p[place]
    for place in range(known):
        p[place] = exp(p[place] - largest)
        total += p[place]
    for place in range(known):
        p[place] /= total


@shared
def _clamp(p: float) -> float:
    """Away from 0 and 1; a NaN stays one."""
    upper = 1.0 - 1e-15 if p > 1.0 - 1e-15 else p
    return 1e-15 if upper < 1e-15 else upper


@shared
def _can_square(after: Cells, cells: range, slope: float, weights: Floats, l2: float) -> bool:
    """Whether no gradient is so large that Python cannot square it."""
    for cell in cells:
        if LARGEST_ROOT < abs(after.values[cell] * slope + l2 * weights[after.ids[cell]]) < math.inf:
            return False
    return True


@shared
def _update(after: Cells, record: int, slope: float, model: Model, row: int, design: Design) -> bool:
    """One step for one class; whether Python could square its gradients."""
    optimizer, l2 = design.optimizer, design.l2
    cells = range(after.bounds[record], after.bounds[record + 1])
    slopes = model.slopes
    weights, sums = slopes.weights[row], (slopes.first[row], slopes.second[row])
    if optimizer.kind != SGD and not _can_square(after, cells, slope, weights, l2):
        return False
    rate = rate_of(optimizer, slopes.iterations[row])
    for cell in cells:
        feature = after.ids[cell]
        add_key(model.keys, row, feature)
        g = after.values[cell] * slope + l2 * weights[feature]
        square = 0.0 if optimizer.kind == SGD else power(g, 2.0)  # of no use to SGD
        weights[feature] = stepped(weights[feature], (g, square), optimizer, rate, sums, feature)
    slopes.iterations[row] += 1
    return True


@kernel
def _learn(lesson: Lesson, model: Model, design: Design, costs: Costs, said: Ranking) -> bool:
    """Whether river would have come through: Python raises an error where a square is too large."""
    ranks = model.ranks
    for record in range(len(lesson.learns)):
        copy = lesson.copies[record]
        known = ranks.known[copy]
        for place in range(known):
            said.order[record, place] = ranks.classes[copy, place]
        _softmax(lesson.before, record, copy, model, said.values[record])
        if not lesson.learns[record]:
            continue
        _softmax(lesson.after, record, copy, model, costs.p)
        label = int(lesson.y[record])
        learned_row(ranks, copy, label)
        for place in range(ranks.known[copy]):
            number = ranks.classes[copy, place]
            p = _clamp(costs.p[place] if place < known else 0.0)
            slope = costs.of_class[number] * (p - (1.0 if number == label else 0.0))
            if not _update(lesson.after, record, slope, model, ranks.rows[copy, place], design):
                return False
    return True
