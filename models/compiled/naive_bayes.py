"""Twins of river's naive Bayes classifiers: what all have in common, and the Gaussian one."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from models.compiled.arrays import with_room
from models.compiled.classes import Classes, Ranking, Ranks, answers, learned_row, unranked
from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.sums import added, compensated
from models.compiled.twin import Answers, Estimator
from schemas.kernel import FloatGrid, Floats, Places, blank, exp, kernel, log, shared


class NaiveBayes(Estimator):
    """Twin of a naive Bayes classifier: probabilities by the joint log-likelihoods of the classes."""

    takes_classes = True

    def __init__(self) -> None:
        self.classes = Classes()
        self.known = Vocabulary()

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self.known = known
        self.classes.make_room(copies, known)
        self.make_row_room()

    def learn(self, lesson: Lesson) -> Answers | None:
        self.classes.meet(lesson)
        self.make_row_room()
        joint = unranked(len(lesson.learns), self.known)
        if not self.learn_rows(lesson, joint):
            return None
        _normalize(joint)
        return answers(joint, self.known)

    @abstractmethod
    def make_row_room(self) -> None:
        """Have room for the rows of all classes, and for all features that are known."""

    @abstractmethod
    def learn_rows(self, lesson: Lesson, joint: Ranking) -> bool:
        """Say how likely the classes are, record by record, and learn; whether river would have come through."""


@shared
def prior(record: int, copy: int, ranks: Ranks, seen: Places, joint: Ranking) -> None:
    """Begin the likelihoods of a record with the logarithms of how often each class was `seen`."""
    total = 0
    for place in range(ranks.known[copy]):
        total += seen[ranks.rows[copy, place]]
    for place in range(ranks.known[copy]):
        joint.order[record, place] = ranks.classes[copy, place]
        joint.values[record, place] = log(seen[ranks.rows[copy, place]] / total)


def _normalize(joint: Ranking) -> None:
    """Make probabilities of the likelihoods, with the bits of SciPy's sum of each record's by itself."""
    counts = (joint.order >= 0).sum(axis=1)
    sums = np.empty(len(counts))
    for count in np.unique(counts[counts > 0]).tolist():
        alike = counts == count
        sums[alike] = special.logsumexp(np.ascontiguousarray(joint.values[alike, :count]), axis=1)
    _exponentiate(joint, counts, sums)


@kernel
def _exponentiate(joint: Ranking, counts: Places, sums: Floats) -> None:
    for record in range(len(counts)):
        for place in range(counts[record]):
            joint.values[record, place] = exp(joint.values[record, place] - sums[record])


class Gaussians(NamedTuple):
    """What was learned of a class: the records `seen`, by row; by row and feature, moments by Welford's algorithm."""

    seen: Places
    counts: FloatGrid
    means: FloatGrid
    squares: FloatGrid


class GaussianNB(NaiveBayes):
    """Twin of `naive_bayes.GaussianNB`."""

    def __init__(self, _: Any) -> None:
        super().__init__()
        self.state = blank(Gaussians)

    def make_row_room(self) -> None:
        self.state = with_room(self.state, self.classes.rows, len(self.known.features))

    def learn_rows(self, lesson: Lesson, joint: Ranking) -> bool:
        _learn_gaussians(lesson, self.classes.ranks, self.state, joint)
        return True

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        numbers = {label: known.features.numbers(by_feature) for label, by_feature in step.gaussians.items()}
        rows = self.classes.load(copy, known, step.class_counts)
        self.make_room(copy + 1, known)
        state = self.state
        for row, (label, seen) in zip(rows.tolist(), step.class_counts.items(), strict=True):
            state.seen[row] = seen
            if label in numbers:
                learned = [gaussian._var for gaussian in step.gaussians[label].values()]
                state.counts[row, numbers[label]] = [var.mean.n for var in learned]
                state.means[row, numbers[label]] = [var.mean._mean for var in learned]
                state.squares[row, numbers[label]] = [var._S for var in learned]

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        state = self.state
        for label, row in self.classes.stored(copy, known).items():
            step.class_counts[label] = int(state.seen[row])
            for number in np.flatnonzero(state.counts[row]).tolist():
                var = step.gaussians[label][known.features.known[number]]._var
                var.mean.n = float(state.counts[row, number])
                var.mean._mean = float(state.means[row, number])
                var._S = float(state.squares[row, number])


LEAST = 10e-10
"""What river adds to a probability before it takes the logarithm."""
_LOG_LEAST = math.log(LEAST)
_ROOT_TAU = math.sqrt(2.0 * math.pi)


@shared
def _log_density(x: float, count: float, mean: float, squares: float) -> float:
    """The logarithm of a normal density, or of nearly nothing where there is no variance."""
    variance = squares / count if count > 0.0 else 0.0
    if not variance > 0.0:
        return _LOG_LEAST
    deviation = math.sqrt(variance)
    z = (x - mean) / deviation
    return log(LEAST + exp(-0.5 * z * z) / _ROOT_TAU / deviation)


@shared
def _log_densities(cells: Cells, record: int, row: int, state: Gaussians) -> float:
    counts, means, squares = state.counts[row], state.means[row], state.squares[row]
    total, losses = 0.0, 0.0
    for cell in range(cells.bounds[record], cells.bounds[record + 1]):
        feature = cells.ids[cell]
        density = _log_density(cells.values[cell], counts[feature], means[feature], squares[feature])
        total, losses = added(total, losses, density)
    return compensated(total, losses)


@kernel
def _learn_gaussians(lesson: Lesson, ranks: Ranks, state: Gaussians, joint: Ranking) -> None:
    after = lesson.after
    for record in range(len(lesson.learns)):
        copy = lesson.copies[record]
        prior(record, copy, ranks, state.seen, joint)
        for place in range(ranks.known[copy]):
            joint.values[record, place] += _log_densities(lesson.before, record, ranks.rows[copy, place], state)
        if not lesson.learns[record]:
            continue
        row = learned_row(ranks, copy, int(lesson.y[record]))
        state.seen[row] += 1
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            x, feature = after.values[cell], after.ids[cell]
            mean = state.means[row, feature]
            state.counts[row, feature] += 1.0
            state.means[row, feature] += (1.0 / state.counts[row, feature]) * (x - mean)
            state.squares[row, feature] += (x - mean) * (x - state.means[row, feature])
