"""How a river model is asked: once for its probabilities, where it has any, or about many instances by its twins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from engine.scoring.twins import Twins
from models.course import predicting
from models.sampling import without_samples

MANY = 300
"""From so many instances on twins of linear models are faster, even where they are made for a single request."""

Said: TypeAlias = tuple[Any, dict[Any, float] | None]
Predict: TypeAlias = Callable[[dict[str, Any]], Said]


class Predictor:
    """Asks one model; `predict` gives the prediction and the probabilities, the latter None where it has none.

    >>> from river import linear_model
    >>> Predictor(linear_model.LogisticRegression()).predict({"x": 1.0})
    (False, {False: 0.5, True: 0.5})
    """

    def __init__(self, model: Any, twins: Twins | None = None) -> None:
        self.predict = _asking(model)
        self._model = model
        self._twins = twins
        self._ask: Callable[[Sequence[dict[str, Any]]], Sequence[Said | None]] | None = None

    def predict_many(self, xs: Sequence[dict[str, Any]]) -> Sequence[Said | None]:
        """The same for each of many `x`, which have the same features in one order; None where `predict` has to."""
        if self._ask is None and self._twins is not None and len(xs) >= MANY and self._twins.are_ready:
            scorer = self._twins.of(self._model)
            self._ask = scorer.ask if scorer else _nothing
        return self._ask(xs) if self._ask is not None and len(xs) >= MANY else _nothing(xs)


def _asking(model: Any) -> Predict:
    """A function that gives the prediction and the probabilities of `model`, the latter None where it has none."""
    predict, decide = predicting(without_samples(model))
    if decide is None:
        return lambda x: (predict(x), None)

    def decided(x: dict[str, Any]) -> Said:
        probabilities = predict(x)
        return decide(x, probabilities), probabilities

    return decided


def _nothing(xs: Sequence[dict[str, Any]]) -> Sequence[Said | None]:
    return [None] * len(xs)
