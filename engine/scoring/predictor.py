"""How a river model is asked: once for its probabilities, where it has any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from river import base, compose

Predict: TypeAlias = Callable[[dict[str, Any]], tuple[Any, dict[Any, float] | None]]


def predictor(model: Any) -> Predict:
    """A function that gives the prediction and the probabilities of `model`, the latter None where it has none.

    The likeliest class is the prediction, as river decides, unless the model decides by itself.

    >>> from river import linear_model
    >>> predictor(linear_model.LogisticRegression())({"x": 1.0})
    (False, {False: 0.5, True: 0.5})
    """
    last = type(_last_step(model))
    unknown = base.Classifier.predict_proba_one
    if not hasattr(model, "predict_proba_one") or getattr(last, "predict_proba_one", unknown) is unknown:
        return lambda x: (model.predict_one(x), None)
    probabilities_of = model.predict_proba_one
    if getattr(last, "predict_one", None) is not base.Classifier.predict_one:
        return lambda x: (model.predict_one(x), probabilities_of(x))

    def likeliest(x: dict[str, Any]) -> tuple[Any, dict[Any, float] | None]:
        probabilities = probabilities_of(x)
        return max(probabilities, key=probabilities.get) if probabilities else None, probabilities

    return likeliest


def _last_step(model: Any) -> Any:
    return list(model.steps.values())[-1] if isinstance(model, compose.Pipeline) else model
