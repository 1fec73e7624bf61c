"""Prequential metrics: each prediction is judged before its record is learned, beside a baseline that never learns.

The baseline "no change" predicts the label of the record before. Sums run in the order of the records, so metrics do
not depend on how records are cut into frames, nor on whether predictions come as columns; area under the ROC curve:
Fawcett, An introduction to ROC analysis, 2006.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from models.judged import Classes, Errors, Judged, judge_numbers
from models.predictions import Prediction
from models.spans import Spans
from models.stage import Kind
from models.tallies import ClassTally, ErrorTally, add_up


class Prequential(Protocol):
    """Running metrics of one model."""

    count: int

    def update(self, predictions: Sequence[Prediction | None]) -> None:
        """Judge the predictions that have a label, in order."""

    def as_dict(self) -> dict[str, float]:
        """The metrics by name, see `Spans`; empty before the first labelled record."""


def prequential(kind: Kind) -> Prequential | None:
    """The metrics for an estimator of this kind, None where nothing says how good it is."""
    if not kind.is_supervised:
        return None
    return RegressionMetrics() if kind is Kind.REGRESSOR else ClassificationMetrics()


class ClassificationMetrics:
    """Accuracy, F1, log loss, ROC AUC for labels that are true or false (from 1,000 bins), and the baseline's accuracy.

    F1 is that of true, and where labels are anything else the mean of all classes, `macro_f1`.

    >>> metrics = ClassificationMetrics()
    >>> metrics.update([Prediction(True, {True: 0.9, False: 0.1}, True, 0), Prediction(True, {True: 0.6}, False, 1)])
    >>> {name: round(value, 3) for name, value in metrics.as_dict().items() if not name.endswith("ing")}
    {'accuracy': 0.5, 'f1': 0.667, 'log_loss': 17.322, 'roc_auc': 1.0, 'no_change_accuracy': 0.0}
    """

    def __init__(self) -> None:
        self.count = 0
        self.unchanged = 0
        self.compared = 0
        self.last: Any = None
        self.classes = Classes()
        self.spans: Spans[Judged] = Spans(ClassTally)

    def update(self, predictions: Sequence[Prediction | None]) -> None:
        judged = self.classes.judge(predictions)
        labels = judged.labels
        if not len(labels):
            return
        self.count += len(labels)
        if self.last is not None:
            self.unchanged += int(self.last == labels[0])
            self.compared += 1
        self.unchanged += int((labels[1:] == labels[:-1]).sum())
        self.compared += len(labels) - 1
        self.last = int(labels[-1])
        self.spans.add(judged)

    def as_dict(self) -> dict[str, float]:
        metrics = self.spans.as_dict(is_binary=self.classes.are_binary)
        if self.compared:
            metrics["no_change_accuracy"] = self.unchanged / self.compared
        return metrics

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Go on from what a version without spans has kept: what it lacks begins now."""
        self.__dict__.update(state)
        if "spans" in state:
            return
        self.classes, self.spans = Classes(), Spans(ClassTally)
        self.classes.are_binary = self.__dict__.pop("binary")
        self.last = None if self.last is None else self.classes.number(self.last)
        overall = self.spans.overall
        assert isinstance(overall, ClassTally)
        right, scored, scores = (self.__dict__.pop(name) for name in ("right", "judged_loss", "scores"))
        overall.answers = np.array([self.count - right, right], np.float64)
        overall.loss, overall.scored = self.__dict__.pop("loss"), np.array([self.count - scored, scored], np.float64)
        overall.scores[1:] = scores.reshape(-1)


class RegressionMetrics:
    """Mean absolute error, root mean squared error, and the baseline's mean absolute error.

    >>> metrics = RegressionMetrics()
    >>> metrics.update([Prediction(1.0, None, 2.0, 0), Prediction(3.0, None, 6.0, 1)])
    >>> {name: round(value, 4) for name, value in metrics.as_dict().items() if not name.endswith("sliding")}
    {'mae': 2.0, 'rmse': 2.2361, 'mae_fading': 2.0005, 'rmse_fading': 2.2365, 'no_change_mae': 4.0}
    """

    def __init__(self) -> None:
        self.count = 0
        self.change = 0.0
        self.compared = 0
        self.last: float | None = None
        self.spans: Spans[Errors] = Spans(ErrorTally)

    def update(self, predictions: Sequence[Prediction | None]) -> None:
        labels, errors = judge_numbers(predictions)
        if not len(labels):
            return
        self.count += len(labels)
        changes = np.abs(np.diff(labels if self.last is None else np.concatenate(([self.last], labels))))
        self.change = add_up(self.change, changes)
        self.compared += len(changes)
        self.last = float(labels[-1])
        self.spans.add(errors)

    def as_dict(self) -> dict[str, float]:
        metrics = self.spans.as_dict()
        if self.compared:
            metrics["no_change_mae"] = self.change / self.compared
        return metrics

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Go on from what a version without spans has kept: what it lacks begins now."""
        self.__dict__.update(state)
        if "spans" in state:
            return
        self.spans = Spans(ErrorTally)
        overall = self.spans.overall
        assert isinstance(overall, ErrorTally)
        overall.total = float(self.count)
        overall.absolute, overall.squared = self.__dict__.pop("absolute"), self.__dict__.pop("squared")
