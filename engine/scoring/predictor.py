"""How a river model is asked: once for its probabilities, where it has any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from models.course import predicting
from models.sampling import without_samples

Predict: TypeAlias = Callable[[dict[str, Any]], tuple[Any, dict[Any, float] | None]]


def predictor(model: Any) -> Predict:
    """A function that gives the prediction and the probabilities of `model`, the latter None where it has none.

    >>> from river import linear_model
    >>> predictor(linear_model.LogisticRegression())({"x": 1.0})
    (False, {False: 0.5, True: 0.5})
    """
    predict, decide = predicting(without_samples(model))
    if decide is None:
        return lambda x: (predict(x), None)

    def decided(x: dict[str, Any]) -> tuple[Any, dict[Any, float] | None]:
        probabilities = predict(x)
        return decide(x, probabilities), probabilities

    return decided
