"""Predictions beside their labels as arrays, the same whether they came as columns or one by one."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.predictions import Labels, Prediction, Predictions
from schemas.kernel import Floats, Places

BINS = 1000
_EPSILON = 1e-15


class Judged(NamedTuple):
    """Predicted classes beside the labels; each array has shape `(n,)`.

    `labels` and `said` are numbers of classes, -1 where nothing was said. `losses` are logarithmic, -1 where there are
    no probabilities; `bins` have `BINS` places for probabilities of true where the label is false, then as many where
    it is true, and are -1 where that says nothing.
    """

    labels: Places
    said: Places
    losses: Floats
    bins: Places


class Errors(NamedTuple):
    """Labels less predicted numbers, shape `(n,)`."""

    errors: Floats


class Classes:
    """The classes that were met, numbered: false and true are 0 and 1.

    `are_binary` says whether no label was anything else.

    >>> classes = Classes()
    >>> classes.judge([Prediction("a", None, "b", 0), None, Prediction(None, {"b": 0.5}, "b", 1)])
    Judged(labels=array([2, 2]), said=array([ 3, -1]), losses=array([-1.        ,  0.69314718]), bins=array([-1, -1]))
    """

    def __init__(self) -> None:
        self.are_binary = True
        self._numbers: dict[Hashable, int] = {False: 0, True: 1}

    def judge(self, predictions: Sequence[Prediction | None]) -> Judged:
        """Those of the predictions that have a label."""
        if isinstance(predictions, Predictions) and predictions.probabilities is not None:
            return self._judge_columns(predictions, predictions.probabilities)
        judged = [p for p in predictions if p is not None and p[2] is not None]
        labels = self._labels([p[2] for p in judged])
        said = self.numbers([p[0] for p in judged])
        given = np.array([1.0 if p[1] is None else p[1].get(p[2], 0.0) for p in judged], np.float64)
        scores = np.array([np.nan if p[1] is None else p[1].get(True, 0.0) for p in judged], np.float64)
        losses = _losses(given)
        losses[[p[1] is None for p in judged]] = -1.0
        return Judged(labels, said, losses, self._bins(labels, scores))

    def number(self, label: Any) -> int:
        """The number of a class; a new one gets the next number, and what is no class -1."""
        try:
            number = self._numbers.get(label)
        except TypeError:  # no label can be equal to what cannot be hashed
            return -1
        if number is None:
            if label is None or (isinstance(label, float) and math.isnan(label)):
                return -1
            number = self._numbers[label] = len(self._numbers)
        return number

    def numbers(self, labels: Sequence[Any]) -> Places:
        """The number of each class, shape `(n,)`."""
        try:
            numbers = np.fromiter(map(self._numbers.get, labels, repeat(-1)), np.int64, len(labels))
        except TypeError:
            return np.array([self.number(label) for label in labels], np.int64)
        for place in np.flatnonzero(numbers < 0).tolist():
            numbers[place] = self.number(labels[place])
        return numbers

    def _labels(self, labels: Labels) -> Places:
        if isinstance(labels, np.ndarray) and labels.dtype == np.bool_:
            return labels.astype(np.int64)
        values = labels.tolist() if isinstance(labels, np.ndarray) else labels
        if self.are_binary:
            self.are_binary = set(map(type, values)) <= {bool}
        return self.numbers(values)

    def _judge_columns(self, predictions: Predictions, probabilities: Floats) -> Judged:
        labels, classes = self._labels(predictions.labels), self.numbers(predictions.classes)
        is_judged, order, chosen = predictions.labelled, predictions.order, predictions.chosen_places
        if not is_judged.all():
            probabilities, chosen = probabilities[is_judged], chosen[is_judged]
            order = None if order is None else order[is_judged]
        said = np.append(classes, -1)[chosen]
        places = np.full(len(self._numbers), -1)  # among the classes of these predictions
        places[classes] = np.arange(len(classes))
        given = _given(probabilities, order, places[labels])
        scores = _given(probabilities, order, np.full(len(labels), places[1])) if self.are_binary else given
        return Judged(labels, said, _losses(given), self._bins(labels, scores))

    def _bins(self, labels: Places, scores: Floats) -> Places:
        if not self.are_binary:
            return np.full_like(labels, -1)
        with np.errstate(invalid="ignore"):  # a model that has diverged gives no number
            bins = np.minimum((np.clip(scores, 0.0, 1.0) * BINS).astype(np.int64), BINS - 1)
        return np.where(np.isnan(scores), -1, bins + labels * BINS)


def judge_numbers(predictions: Sequence[Prediction | None]) -> tuple[Floats, Errors]:
    """The labels that are there, and how far off each prediction is; where nothing was said, 0 was."""
    if isinstance(predictions, Predictions) and predictions.numbers is not None:
        labels = np.array(predictions.labels, np.float64)
        said = np.asarray(predictions.numbers, np.float64)[predictions.labelled]
    else:
        judged = [p for p in predictions if p is not None and p[2] is not None]
        labels = np.array([p[2] for p in judged], np.float64)
        said = np.array([0.0 if p[0] is None else p[0] for p in judged], np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # of a model that has diverged
        return labels, Errors(labels - said)


def _given(probabilities: Floats, order: npt.NDArray[Any] | None, classes: Places) -> Floats:
    """The probability of a class in each row, 0 where there is none of it."""
    rows, width = probabilities.shape
    if not width:
        return np.zeros(rows)
    there, places = classes >= 0, classes
    if order is not None:
        found = (order == classes[:, None]) & there[:, None]
        there, places = found.any(axis=1), found.argmax(axis=1)
    return np.where(there, np.take(probabilities, np.arange(rows) * width + places, mode="clip"), 0.0)


def _losses(given: Floats) -> Floats:
    """The logarithmic losses where labels were given such probabilities."""
    return -np.log(np.clip(given, _EPSILON, 1.0))
