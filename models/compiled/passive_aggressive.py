"""Twins of river's passive-aggressive models."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from river import linear_model

from models.compiled.arrays import with_room
from models.compiled.dots import Keys, add_key, dot, keys_of, load_keys
from models.compiled.optimizers import sigmoid
from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.sums import compensated
from models.compiled.twin import Answers, Estimator, NoTwin, binary
from schemas.kernel import FloatGrid, Floats, blank, kernel, power, shared


class Margins(NamedTuple):
    """What passive-aggressive models have learned, by copy and feature, and by copy."""

    weights: FloatGrid
    intercepts: Floats


class Model(NamedTuple):
    """All of it, for kernels."""

    margins: Margins
    keys: Keys


class Manner(NamedTuple):
    """The hyperparameters, and what kind of model it is."""

    mode: int
    c: float
    eps: float
    learn_intercept: bool
    is_classifier: bool


class PassiveAggressive(Estimator):
    """Twin of `linear_model.PAClassifier` and `PARegressor`."""

    def __init__(self, step: Any) -> None:
        c = float(step.C)
        if step.mode == 2 and not (c > 0.0 and 0.0 < 0.5 / c < math.inf):
            raise NoTwin(f"has a C that may divide by zero, {step.C}")
        is_classifier = type(step) is linear_model.PAClassifier
        eps = 0.0 if is_classifier else float(step.loss.eps)
        self._manner = Manner(step.mode, c, eps, bool(step.learn_intercept), is_classifier)
        self.state = blank(Margins)
        self.keys = blank(Keys)

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self.state = with_room(self.state, copies, len(known.features))
        self.keys = with_room(self.keys, copies, len(known.features))

    def learn(self, lesson: Lesson) -> Answers | None:
        said = np.empty(len(lesson.learns))
        _learn(lesson, _norms(lesson.after), Model(self.state, self.keys), self._manner, said)
        return binary(said) if self._manner.is_classifier else Answers(said)

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        numbers = known.features.numbers(step.weights)
        self.make_room(copy + 1, known)
        load_keys(self.keys, copy, numbers)
        self.state.weights[copy, numbers] = list(step.weights.values())
        self.state.intercepts[copy] = step.intercept

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        numbers = keys_of(self.keys, copy)
        values = self.state.weights[copy, numbers]
        # a regressor's weights are numpy's numbers, which Python adds up in another way
        weights = values.tolist() if self._manner.is_classifier else list(values)
        step.weights.clear()
        step.weights.update(zip((known.features.known[number] for number in numbers.tolist()), weights, strict=True))
        step.intercept = float(self.state.intercepts[copy])


def _norms(cells: Cells) -> Floats:
    """The Euclidean norm of each record with the bits of `np.linalg.norm`, which asks BLAS, as `np.vecdot` does."""
    widths = np.diff(cells.bounds)
    norms = np.zeros(len(widths))
    with np.errstate(all="ignore"):
        for width in np.unique(widths).tolist():
            alike = np.flatnonzero(widths == width)
            values = cells.values[cells.bounds[alike][:, None] + np.arange(width)]
            norms[alike] = np.sqrt(np.vecdot(values, values))
    return norms


@shared
def _raw(cells: Cells, record: int, copy: int, model: Model, manner: Manner) -> float:
    state, keys = model.margins, model.keys
    by_record = cells.bounds[record + 1] - cells.bounds[record] < keys.counts[copy]
    total, losses = dot(cells, record, state.weights[copy], keys, copy, by_record)
    if manner.is_classifier:  # a regressor's are numpy's numbers
        total = compensated(total, losses)
    return float(total + state.intercepts[copy])


@shared
def _sign(x: float) -> float:
    """As numpy has it: a NaN for a NaN."""
    if x > 0.0:
        return 1.0
    if x < 0.0:
        return -1.0
    return 0.0 if x == 0.0 else x


@shared
def _step(y: float, raw: float, norm: float, manner: Manner) -> float:
    """How far a record moves the weights along itself."""
    label = y * 2.0 - 1.0
    if manner.is_classifier:
        loss = 1.0 - label * raw
        direction = y if y != 0.0 else -1.0
    else:
        loss = abs(raw - label) - manner.eps
        direction = _sign(y - raw)
    loss = max(loss, 0.0)
    square = power(norm, 2.0)
    if manner.mode == 2:
        return loss / (square + 0.5 / manner.c) * direction
    tau = loss / square if square > 0.0 else 0.0
    if manner.mode == 1 and square > 0.0 and not tau < manner.c:
        tau = manner.c
    return tau * direction


@kernel
def _learn(lesson: Lesson, norms: Floats, model: Model, manner: Manner, said: Floats) -> None:
    after, state, keys = lesson.after, model.margins, model.keys
    for record in range(len(lesson.learns)):
        copy = lesson.copies[record]
        raw = _raw(lesson.before, record, copy, model, manner)
        said[record] = sigmoid(raw) if manner.is_classifier else raw
        if not lesson.learns[record]:
            continue
        raw = _raw(after, record, copy, model, manner)
        step = _step(lesson.y[record], raw, norms[record], manner)
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            add_key(keys, copy, after.ids[cell])
            state.weights[copy, after.ids[cell]] += step * after.values[cell]
        if manner.learn_intercept:
            state.intercepts[copy] += step
