"""What a model said about records before it learned from them, one by one and as columns."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

Labels = Sequence[Any] | npt.NDArray[Any]


class Prediction(NamedTuple):
    """What the model said about one record before it learned from it.

    The prediction is a class, a number, the score of an anomaly detector or the number of a cluster. `probabilities` is
    None for all but classifiers, and for those that have none; `label` is None where there is no outcome to learn from;
    `count` is the number of records learned before.
    """

    prediction: Any
    probabilities: dict[Any, float] | None
    label: Any
    count: int  # type: ignore[assignment]  # hides tuple.count


@dataclass(frozen=True)
class Predictions(Sequence[Prediction | None]):
    """The predictions of `size` records, of which those at `positions`, shape `(n,)`, have one.

    As a sequence it has a `Prediction` or None for each record; these are made when one is first asked for. `numbers`
    are what all others say, `(n,)`, whole for clusters; a classifier gives the probability of each of its `classes`,
    `(n, classes)`. Where records know different classes, or in another order, `order`, `(n, classes)`, says which class
    each place is for, and -1 behind the last; `chosen`, `(n,)`, is the class of those that do not say the likeliest, -1
    for none. `labels` are the labels of those that have one, at `labelled`, a mask `(n,)`; `counts` say how many
    records had been learned before each.

    >>> p = np.array([[0.25, 0.75]])
    >>> said = Predictions(2, np.array([1]), np.array([7]), np.array([True]), [True], None, (False, True), p)
    >>> said[0], said[1]
    (None, Prediction(prediction=True, probabilities={False: 0.25, True: 0.75}, label=True, count=7))
    >>> places = dict(positions=np.array([0]), counts=np.array([7]), labelled=np.array([False]), labels=[])
    >>> order = np.array([[2, 1, -1]])
    >>> Predictions(1, **places, classes=("a", "b", "c"), probabilities=np.array([[0.25, 0.75, 0.0]]), order=order)[0]
    Prediction(prediction='b', probabilities={'c': 0.25, 'b': 0.75}, label=None, count=7)
    """

    size: int
    positions: npt.NDArray[np.intp]
    counts: npt.NDArray[np.int64]
    labelled: npt.NDArray[np.bool_]
    labels: Labels
    numbers: npt.NDArray[np.float64] | npt.NDArray[np.int64] | None = None
    classes: tuple[Hashable, ...] = ()
    probabilities: npt.NDArray[np.float64] | None = None
    order: npt.NDArray[np.int32] | None = None
    chosen: npt.NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, position: int) -> Prediction | None: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Prediction | None]: ...
    def __getitem__(self, position: int | slice) -> Prediction | Sequence[Prediction | None] | None:
        return self._predictions[position]

    @cached_property
    def said(self) -> npt.NDArray[Any]:
        """The prediction itself, shape `(n,)`: a number, or the likeliest class, the first of equals."""
        if self.numbers is not None:
            return self.numbers
        chosen = self.chosen_places
        if self.order is None and self.classes == (False, True) and self.classes[0] is False:
            truth: npt.NDArray[np.bool_] = chosen == 1
            return truth
        classes = np.empty(len(self.classes) + 1, object)  # one more, as -1 is none
        classes[:-1] = self.classes
        said: npt.NDArray[Any] = classes[chosen]
        return said

    @cached_property
    def chosen_places(self) -> npt.NDArray[Any]:
        """Which of the `classes` is predicted, shape `(n,)`, -1 for none."""
        return self._likeliest if self.chosen is None else self.chosen

    @property
    def _likeliest(self) -> npt.NDArray[Any]:
        """The class with the largest probability, the first one of equals, shape `(n,)`; -1 where there is none.

        A NaN is not larger than what comes before it, and nothing is larger than it: so Python's `max` goes about it.
        """
        assert self.probabilities is not None
        if not self.classes:
            return np.full(len(self.probabilities), -1)
        if len(self.classes) == 2 and self.order is None:
            return (self.probabilities[:, 1] > self.probabilities[:, 0]).astype(np.intp)
        known = np.ones(self.probabilities.shape, np.bool_) if self.order is None else self.order >= 0
        ranked = np.where(known & ~np.isnan(self.probabilities), self.probabilities, -np.inf)
        likeliest = np.where(np.isnan(self.probabilities[:, 0]) & known[:, 0], 0, ranked.argmax(axis=1))
        if self.order is None:
            return likeliest
        classes: npt.NDArray[np.int32] = np.take_along_axis(self.order, likeliest[:, None], axis=1)[:, 0]
        return classes

    @cached_property
    def _predictions(self) -> list[Prediction | None]:
        predictions: list[Prediction | None] = [None] * self.size
        labels = iter(self.labels.tolist() if isinstance(self.labels, np.ndarray) else self.labels)
        lines = zip(
            self.positions.tolist(),
            self.said.tolist(),
            self.probabilities_by_class,
            self.labelled.tolist(),
            self.counts.tolist(),
            strict=True,
        )
        for position, said, probabilities, is_labelled, count in lines:
            predictions[position] = Prediction(said, probabilities, next(labels) if is_labelled else None, count)
        return predictions

    def probability_of(self, label: Hashable) -> list[float | None] | npt.NDArray[np.float64]:
        """The probability of one class, shape `(n,)`; None where the model has none, or does not know the class yet."""
        if self.probabilities is None or label not in self.classes:
            return [None] * len(self.positions)
        number = self.classes.index(label)
        if self.order is None:
            column: npt.NDArray[np.float64] = self.probabilities[:, number]
            return column
        places = self.order == number
        found = np.take_along_axis(self.probabilities, places.argmax(axis=1)[:, None], axis=1)[:, 0]
        if places.any(axis=1).all():
            return found
        return [p if is_there else None for p, is_there in zip(found.tolist(), places.any(axis=1), strict=True)]

    @cached_property
    def probabilities_by_class(self) -> Sequence[dict[Any, float] | None]:
        """The probability of each class, for each of the records at `positions`."""
        if self.probabilities is None:
            return [None] * len(self.positions)
        rows = self.probabilities.tolist()
        if self.order is None and len(self.classes) == 2:
            first, second = self.classes
            return [{first: p, second: q} for p, q in rows]
        if self.order is None:
            return [dict(zip(self.classes, row, strict=True)) for row in rows]
        return [
            {self.classes[number]: p for number, p in zip(order, row, strict=True) if number >= 0}
            for order, row in zip(self.order.tolist(), rows, strict=True)
        ]
