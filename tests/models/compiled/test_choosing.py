"""Why a stage is not compiled is said in the words of its author: by the names that river's steps have."""

from __future__ import annotations

from typing import Any

import pytest
from river import anomaly, cluster, ensemble, linear_model, preprocessing, tree

from models.compiled.choosing import choose
from models.stage import Stage

LABELLED = [
    (linear_model.LinearRegression(), "LinearRegression takes numbers"),
    (linear_model.Perceptron(), "Perceptron takes numbers"),
    (linear_model.PARegressor(), "PARegressor takes numbers"),
    (preprocessing.StandardScaler() | linear_model.PAClassifier(), "StandardScaler takes numbers"),
    (ensemble.BaggingRegressor(linear_model.LinearRegression()), "LinearRegression takes numbers"),
    (tree.HoeffdingTreeRegressor(), "HoeffdingTreeRegressor has models in its leaves that take numbers"),
]


@pytest.mark.parametrize(("model", "reason"), LABELLED)
def test_a_step_that_takes_no_text_is_named(model: Any, reason: str) -> None:
    stage = Stage("model", model, label="late")
    assert choose(stage, {"carrier": "string"}).reason == f'{reason}, and "carrier" is text'
    assert choose(stage, {"delay": "double"}).reason is None


@pytest.mark.parametrize("model", [anomaly.HalfSpaceTrees(), cluster.KMeans()], ids=lambda each: type(each).__name__)
def test_an_estimator_without_a_label_is_named(model: Any) -> None:
    reason = f'{type(model).__name__} takes numbers, and "carrier" is text'
    assert choose(Stage("model", model), {"carrier": "string"}).reason == reason
