"""Prequential metrics: each prediction is judged before its record is learned, beside a baseline that never learns.

The baseline "no change" predicts the label of the record before. Sums run in the order of the records, so metrics do
not depend on how records are cut into frames; area under the ROC curve: Fawcett, An introduction to ROC analysis, 2006.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from models.predictions import Prediction, Predictions
from models.stage import Kind

_BINS = 1000
_EPSILON = 1e-15

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Prequential(Protocol):
    """Running metrics of one model."""

    count: int

    def update(self, predictions: Sequence[Prediction | None]) -> None:
        """Judge the predictions that have a label, in order."""

    def as_dict(self) -> dict[str, float]:
        """The metrics by name; empty before the first labelled record."""


def prequential(kind: Kind) -> Prequential | None:
    """The metrics for an estimator of this kind, None where nothing says how good it is."""
    if not kind.is_supervised:
        return None
    return RegressionMetrics() if kind is Kind.REGRESSOR else ClassificationMetrics()


class ClassificationMetrics:
    """Accuracy, log loss, ROC AUC for labels that are true or false (from 1,000 bins), and the baseline's accuracy.

    >>> metrics = ClassificationMetrics()
    >>> metrics.update([Prediction(True, {True: 0.9, False: 0.1}, True, 0), Prediction(True, {True: 0.6}, False, 1)])
    >>> {name: round(value, 3) for name, value in metrics.as_dict().items()}
    {'accuracy': 0.5, 'no_change_accuracy': 0.0, 'log_loss': 17.322, 'roc_auc': 1.0}
    """

    def __init__(self) -> None:
        self.count = 0
        self.right = 0
        self.unchanged = 0
        self.compared = 0
        self.last: Any = None
        self.loss = 0.0
        self.judged_loss = 0
        self.binary = True
        self.scores: Counts = np.zeros((2, _BINS), np.int64)

    def update(self, predictions: Sequence[Prediction | None]) -> None:
        if isinstance(predictions, Predictions) and predictions.order is None and predictions.classes == (False, True):
            self._update_binary(predictions)
            return
        judged = [p for p in predictions if p is not None and p[2] is not None]
        if not judged:
            return
        labels = [p[2] for p in judged]
        self.count += len(judged)
        self.right += sum([p[0] == p[2] for p in judged])
        before = [self.last, *labels[:-1]]
        self.unchanged += sum([a == b for a, b in zip(before, labels, strict=True)])
        self.compared += len(labels) - (self.last is None)
        self.last = labels[-1]
        self._judge_probabilities([p for p in judged if p[1] is not None])

    def _update_binary(self, predictions: Predictions) -> None:
        """The same for all of a frame at once."""
        judged = predictions.labelled
        assert predictions.probabilities is not None
        probabilities = predictions.probabilities[judged]
        if not len(probabilities):
            return
        labels = np.array(predictions.labels)
        self.count += len(labels)
        self.right += int((predictions.said[judged] == labels).sum())
        self.unchanged += int((labels[1:] == labels[:-1]).sum()) + (self.last == predictions.labels[0])
        self.compared += len(labels) - (self.last is None)
        self.last = predictions.labels[-1]
        given = np.where(labels == 1, probabilities[:, 1], np.where(labels == 0, probabilities[:, 0], 0.0))
        self._judge(given, probabilities[:, 1], labels)

    def as_dict(self) -> dict[str, float]:
        if not self.count:
            return {}
        metrics = {"accuracy": self.right / self.count}
        if self.compared:
            metrics["no_change_accuracy"] = self.unchanged / self.compared
        if self.judged_loss:
            metrics["log_loss"] = self.loss / self.judged_loss
        if self.binary and self.scores.any(axis=1).all():
            metrics["roc_auc"] = _area(self.scores)
        return metrics

    def _judge_probabilities(self, judged: list[Prediction]) -> None:
        if not judged:
            return
        given = np.array([p[1].get(p[2], 0.0) for p in judged], np.float64)  # type: ignore[union-attr]
        scores = np.array([p[1].get(True, 0.0) for p in judged], np.float64)  # type: ignore[union-attr]
        labels = [p[2] for p in judged]
        self._judge(given, scores, np.array(labels) if all(y.__class__ is bool for y in labels) else None)

    def _judge(self, given: Floats, scores: Floats, labels: npt.NDArray[Any] | None) -> None:
        """Judge the probability given to the label, and the one given to true where all labels are true or false."""
        self.loss = _sum_on(self.loss, -np.log(np.clip(given, _EPSILON, 1.0)))
        self.judged_loss += len(given)
        self.binary = self.binary and labels is not None and labels.dtype == np.bool_
        if self.binary:
            is_score = ~np.isnan(scores)  # a model that has diverged gives none
            bins = np.minimum((scores[is_score] * _BINS).astype(np.int64), _BINS - 1)
            np.add.at(self.scores, (np.asarray(labels, np.int64)[is_score], bins), 1)


class RegressionMetrics:
    """Mean absolute error, root mean squared error, and the baseline's mean absolute error.

    >>> metrics = RegressionMetrics()
    >>> metrics.update([Prediction(1.0, None, 2.0, 0), Prediction(3.0, None, 6.0, 1)])
    >>> metrics.as_dict()
    {'mae': 2.0, 'rmse': 2.23606797749979, 'no_change_mae': 4.0}
    """

    def __init__(self) -> None:
        self.count = 0
        self.absolute = 0.0
        self.squared = 0.0
        self.change = 0.0
        self.compared = 0
        self.last: float | None = None

    def update(self, predictions: Sequence[Prediction | None]) -> None:
        labels, said = _judged_numbers(predictions)
        if not len(labels):
            return
        self.count += len(labels)
        with np.errstate(over="ignore", invalid="ignore"):  # of a model that has diverged
            errors = labels - said
            self.absolute = _sum_on(self.absolute, np.abs(errors))
            self.squared = _sum_on(self.squared, errors * errors)
        changes = np.abs(np.diff(labels if self.last is None else np.concatenate(([self.last], labels))))
        self.change = _sum_on(self.change, changes)
        self.compared += len(changes)
        self.last = float(labels[-1])

    def as_dict(self) -> dict[str, float]:
        if not self.count:
            return {}
        metrics = {"mae": self.absolute / self.count, "rmse": float(np.sqrt(self.squared / self.count))}
        if self.compared:
            metrics["no_change_mae"] = self.change / self.compared
        return metrics


def _judged_numbers(predictions: Sequence[Prediction | None]) -> tuple[Floats, Floats]:
    """The labels that are there, and what was predicted for them."""
    if isinstance(predictions, Predictions) and predictions.numbers is not None:
        return np.array(predictions.labels, np.float64), np.asarray(predictions.numbers, np.float64)[
            predictions.labelled
        ]
    judged = [p for p in predictions if p is not None and p[2] is not None]
    said = np.array([0.0 if p[0] is None else p[0] for p in judged], np.float64)
    return np.array([p[2] for p in judged], np.float64), said


def _sum_on(total: float, values: npt.NDArray[np.float64]) -> float:
    """`total` plus the values, one after the other: numpy's own sum adds them in another order."""
    return float(np.cumsum(np.concatenate(([total], values)))[-1])


def _area(scores: Counts) -> float:
    negatives, positives = scores
    below = np.cumsum(negatives) - negatives
    pairs = float((positives * (below + negatives / 2.0)).sum())
    return pairs / (float(positives.sum()) * float(negatives.sum()))
