"""Twins of river's generalized linear models."""

from __future__ import annotations

from typing import Any

import numpy as np
from river import optim
from river.utils import VectorDict

from models.compiled.arrays import with_room
from models.compiled.descent import Design, Weights, learn_record, raw
from models.compiled.optimizers import ADA_GRAD, FTRL, SUMS, loss_of, optimizer_of, scheduler_of, sigmoid
from models.compiled.rows import Lesson, Vocabulary
from models.compiled.twin import Answers, Estimator, NoTwin, binary
from schemas.kernel import FloatGrid, Floats, blank, kernel


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
        self._begins = {
            "weights": float(step.initializer.value),
            "intercepts": float(step.intercept),
            "iterations": step.optimizer.n_iterations,
        }
        self.design = Design(
            loss_of(step.loss),
            optimizer_of(step.optimizer),
            scheduler_of(step.intercept_lr),
            float(step.l1),
            float(step.l2),
            float(step.clip_gradient),
        )
        self._sums = SUMS[self.design.optimizer.kind]
        self._unused = ["first", "second"][len(self._sums) :] + ([] if step.l1 else ["penalties"])
        self.may_fail = self.design.optimizer.kind in (ADA_GRAD, FTRL)
        self.state = blank(Weights)

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self.make_rows(copies, len(known.features))

    def make_rows(self, copies: int, features: int) -> None:
        """Have room for the weights of so many features, in so many copies."""
        self.state = with_room(self.state, copies, features, self._unused, **self._begins)

    def learn(self, lesson: Lesson) -> Answers | None:
        said = np.empty(len(lesson.learns))
        if not _learn(lesson, self.state, self.design, said):
            return None
        if not self._is_classifier:
            return Answers(said)
        p = np.empty_like(said)
        _probabilities(said, p)
        return binary(p)

    def forget(self, copy: int) -> None:
        """Make a copy one that has learned nothing."""
        for name, array in self.state._asdict().items():
            array[copy] = self._begins.get(name, 0)

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


@kernel
def _learn(lesson: Lesson, state: Weights, design: Design, said: Floats) -> bool:
    """Whether river would have come through."""
    for record in range(len(lesson.learns)):
        copy = lesson.copies[record]
        said[record] = raw(lesson.before, record, state.weights[copy], state.known[copy], state.intercepts[copy])
        if lesson.learns[record] and not learn_record(lesson.after, record, lesson.y[record], state, copy, design):
            return False
    return True


@kernel
def _probabilities(said: Floats, p: Floats) -> None:
    for record in range(len(said)):
        p[record] = sigmoid(said[record])
