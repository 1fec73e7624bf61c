"""What metrics are made of, added up over records that may have weights."""

from __future__ import annotations

from math import fsum
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from models.judged import BINS, Errors, Judged
from schemas.kernel import FloatGrid, Floats, kernel

J_contra = TypeVar("J_contra", contravariant=True)


class Tally(Protocol[J_contra]):
    """Sums over judged records, in their order: they do not depend on how records are cut into frames."""

    def add(self, judged: J_contra, weights: Floats | None = None) -> None:
        """Add records, by default with a weight of 1 each."""

    def fade(self, factor: float) -> None:
        """Multiply the weights of all that was added."""

    def as_dict(self, *, is_binary: bool) -> dict[str, float]:
        """The metrics by name; `is_binary` says whether all labels are true or false."""


class Counts(NamedTuple):
    """Wrong and right answers, those without and with probabilities, and those in each bin, none first."""

    answers: Floats
    scored: Floats
    scores: Floats


class ClassTally:
    """Accuracy, log loss, F1, and ROC AUC: F1 of true and ROC AUC for labels that are true or false, else macro F1.

    `answers` counts wrong and right ones, `scored` those without and with probabilities. `by_class`, shape
    `(3, 1 + classes)`, has the records of each label, those of which the class was said, and both; its first column is
    for none, as the first place of `scores` is.
    """

    def __init__(self) -> None:
        self.answers: Floats = np.zeros(2)
        self.scored: Floats = np.zeros(2)
        self.loss = 0.0
        self.by_class: Floats = np.zeros((3, 3))
        self.scores: Floats = np.zeros(1 + 2 * BINS)

    def add(self, judged: Judged, weights: Floats | None = None) -> None:
        weights = np.ones(len(judged.labels)) if weights is None else weights
        self._make_room(int(max(judged.labels.max(), judged.said.max())) + 1)
        self.loss = _count(judged, weights, self.loss, Counts(self.answers, self.scored, self.scores), self.by_class)

    def fade(self, factor: float) -> None:
        self.loss *= factor
        for counts in (self.answers, self.scored, self.by_class, self.scores):
            np.multiply(counts, factor, out=counts)

    def as_dict(self, *, is_binary: bool) -> dict[str, float]:
        wrong, right = self.answers.tolist()
        if not wrong + right:
            return {}
        metrics = {"accuracy": right / (wrong + right)}
        metrics["f1" if is_binary else "macro_f1"] = self._f1(is_binary=is_binary)
        if self.scored[1]:
            metrics["log_loss"] = self.loss / float(self.scored[1])
        if is_binary and (area := _area(self.scores[1:])) is not None:
            metrics["roc_auc"] = area
        return metrics

    def _f1(self, *, is_binary: bool) -> float:
        counts = self.by_class[:, 2:3] if is_binary else self.by_class[:, 1:]
        both, either = counts[2], counts[0] + counts[1]
        known = either > 0
        values = (2.0 * both[known] / either[known]).tolist()
        return fsum(values) / len(values) if values else 0.0  # in any order: classes are numbered as frames are cut

    def _make_room(self, classes: int) -> None:
        lacking = classes + 1 - self.by_class.shape[1]
        if lacking > 0:
            self.by_class = np.pad(self.by_class, ((0, 0), (0, lacking)))


class ErrorTally:
    """Mean absolute error and root mean squared error."""

    def __init__(self) -> None:
        self.total = self.absolute = self.squared = 0.0

    def add(self, judged: Errors, weights: Floats | None = None) -> None:
        weights = np.ones(len(judged.errors)) if weights is None else weights
        sums = np.array([self.total, self.absolute, self.squared])
        _add_up(judged.errors, weights, sums)
        self.total, self.absolute, self.squared = sums.tolist()

    def fade(self, factor: float) -> None:
        self.total, self.absolute, self.squared = (each * factor for each in (self.total, self.absolute, self.squared))

    def as_dict(self, *, is_binary: bool) -> dict[str, float]:
        if not self.total:
            return {}
        return {"mae": self.absolute / self.total, "rmse": float(np.sqrt(self.squared / self.total))}


def add_up(total: float, values: Floats) -> float:
    """`total` plus the values, one after the other: numpy's own sum adds them in another order."""
    return float(np.add.accumulate(np.concatenate(([total], values)))[-1])


@kernel
def _count(judged: Judged, weights: Floats, loss: float, counts: Counts, by_class: FloatGrid) -> float:
    """Count the records, and give the sum of the losses with theirs."""
    for place in range(len(weights)):
        label, said, weight = judged.labels[place], judged.said[place], weights[place]
        is_scored = not judged.losses[place] < 0.0
        if is_scored:
            loss += judged.losses[place] * weight
        counts.answers[1 if label == said else 0] += weight
        counts.scored[1 if is_scored else 0] += weight
        counts.scores[judged.bins[place] + 1] += weight
        by_class[0, label + 1] += weight
        by_class[1, said + 1] += weight
        by_class[2, label + 1 if label == said else 0] += weight
    return loss


@kernel
def _add_up(errors: Floats, weights: Floats, sums: Floats) -> None:
    """Add the weights, and the absolute and the squared errors with theirs."""
    for place in range(len(errors)):
        error, weight = errors[place], weights[place]
        sums[0] += weight
        sums[1] += abs(error) * weight
        sums[2] += error * error * weight


def _area(scores: Floats) -> float | None:
    """The area under the ROC curve, None without labels of both kinds."""
    negatives, positives = scores.reshape(2, BINS)
    below = np.add.accumulate(negatives)
    of_all = float(below[-1]) * float(positives.sum())
    if not of_all:
        return None
    return float((positives * (below - negatives / 2.0)).sum()) / of_all
