"""What a stage refuses when it is described."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from river import anomaly, cluster, compose, feature_extraction, linear_model, preprocessing, stats, tree

from models.pickled import dump, load
from models.stage import Kind, Stage
from schemas.errors import Fatal
from tests.models.pipelines import CASES, bare, phishing


class Locked(preprocessing.StandardScaler):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


class Distance:
    """How far a value is from the one before: river's verbs, and nothing of river."""

    def __init__(self) -> None:
        self.last = 0.0

    def learn_one(self, x: dict[str, float]) -> None:
        self.last = x["a"]

    def score_one(self, x: dict[str, float]) -> float:
        return abs(x["a"] - self.last)


@pytest.mark.parametrize(
    ("pipeline", "options", "message"),
    [
        (linear_model.LogisticRegression, {"label": "y"}, "LogisticRegression is a class"),
        (object(), {"label": "y"}, "object is no transformer, classifier, regressor, anomaly detector or clusterer"),
        (cluster.KMeans(), {"label": "y"}, 'has label "y", but KMeans is neither a classifier nor a regressor'),
        (anomaly.HalfSpaceTrees(), {"label": "y"}, 'has label "y", but HalfSpaceTrees is neither'),
        (anomaly.HalfSpaceTrees(), {"batch": 8}, "batch is for classifiers and regressors"),
        (anomaly.QuantileFilter(anomaly.HalfSpaceTrees(), 0.9), {}, "QuantileFilter is no transformer"),
        (feature_extraction.TargetAgg("a", stats.Mean()) | cluster.KMeans(), {}, "learns from the label, but ends in"),
        (linear_model.LogisticRegression(), {}, "is a classifier, but there is no label"),
        (preprocessing.StandardScaler(), {"label": "y"}, "neither a classifier nor a regressor"),
        (tree.HoeffdingTreeClassifier(), {"label": "y", "batch": 8}, "HoeffdingTreeClassifier has no learn_many"),
        (linear_model.LogisticRegression(), {"label": "y", "batch": 0}, "batch is 0, expected at least 1"),
        (preprocessing.StandardScaler(), {"batch": 8}, "batch is for classifiers"),
        (Locked(), {}, "Locked cannot be pickled"),
    ],
)
def test_misfits_are_named(pipeline: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(Fatal, match=message) as caught:
        Stage("scores", pipeline, **options)
    assert 'node "scores"' in caught.value.message


def test_kinds() -> None:
    assert Stage("a", compose.Select("x") | preprocessing.StandardScaler()).kind is Kind.TRANSFORMER
    assert Stage("a", linear_model.LinearRegression(), label="y").kind is Kind.REGRESSOR
    assert Stage("a", preprocessing.MinMaxScaler() | anomaly.HalfSpaceTrees()).kind is Kind.ANOMALY_DETECTOR
    assert Stage("a", preprocessing.MinMaxScaler() | cluster.KMeans()).kind is Kind.CLUSTERER
    assert Stage("a", Distance()).kind is Kind.ANOMALY_DETECTOR


def test_a_fresh_pipeline_is_independent() -> None:
    stage = CASES[0].stage()
    one, other = stage.fresh(), stage.fresh()
    one.learn_one({"a": 1.0}, True)
    assert other[1].weights == stage.pipeline[1].weights == {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pickled_model_goes_on_as_it_was(case: Any) -> None:
    records = case.records()[:200]
    _, model = bare(case, records[:100])
    again = load(dump(model))
    for record in records[100:]:
        x = {name: value for name, value in record.items() if name != "y"}
        assert again.predict_one(x) == model.predict_one(x)
        model.learn_one(x, record["y"])
        again.learn_one(x, record["y"])


def test_state_of_learned_models_survives_unpickling_attribute_by_attribute() -> None:
    _, model = bare(CASES[0], phishing())
    again = load(dump(model))
    assert vars(again[0]) == vars(model[0])
    assert again[1].weights == model[1].weights
