"""Anomaly detectors and clusterers say what river says, and learn from every record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from river import anomaly, base, cluster, compose, datasets, preprocessing

from models import ordered
from models.pickled import dump, load
from models.shard import Shard
from models.stage import Stage
from tests.models.pipelines import Record, batch

RECORDS = [dict(list(x.items())[:6]) for x, _ in datasets.Phishing()][:300]


def _first(x: Record) -> Record:
    return dict(list(x.items())[:2])


PIPELINES: list[Callable[[], Any]] = [
    lambda: preprocessing.MinMaxScaler() | anomaly.HalfSpaceTrees(4, 4, 20, seed=3),
    lambda: anomaly.HalfSpaceTrees(4, 4, 20, seed=3),
    lambda: preprocessing.StandardScaler() | anomaly.OneClassSVM(),
    lambda: compose.FuncTransformer(_first) | anomaly.LocalOutlierFactor(3),
    lambda: preprocessing.StandardScaler() | cluster.DBSTREAM(),
    lambda: compose.FuncTransformer(_first) | preprocessing.MinMaxScaler() | ordered.KMeans(seed=3),
    lambda: compose.Select("https") | ordered.KMeans(seed=3),
    lambda: ordered.KMeans(seed=3),
]


def bare(model: Any, records: list[Record]) -> list[Any]:
    """River by itself: predict or score, then learn."""
    is_detector = isinstance(model, base.AnomalyDetector)
    said = []
    for x in records:
        said.append(model.score_one(x) if is_detector else model.predict_one(x))
        model.learn_one(x)
    return said


@pytest.mark.parametrize("make", PIPELINES)
def test_predictions_are_those_of_river(make: Callable[[], Any]) -> None:
    stage, said = Stage("model", make()), list[Any]()
    expected = bare(stage.fresh(), RECORDS)
    shard = Shard([stage])
    for start in range(0, len(RECORDS), 70):
        outcome = shard.apply(batch(RECORDS[start : start + 70]))
        said += outcome.predictions
        shard = load(dump(shard))
    assert [tuple(each) for each in said] == [(p, None, None, count) for count, p in enumerate(expected)]
    assert (shard.learned, shard.metrics) == (len(RECORDS), None)


def test_what_would_spoil_the_model_is_refused_and_not_learned() -> None:
    shard = Shard([Stage("scores", preprocessing.MinMaxScaler() | anomaly.HalfSpaceTrees(2, 2, 5, seed=1))])
    outcome = shard.apply(batch([{"a": 1.0}, {"a": None}, {"a": float("nan")}, {"a": 2.0}]))
    assert {at: said.error.reason for at, said in outcome.rejected.items()} == {1: "null_feature", 2: "not_finite"}
    assert [said and said.count for said in outcome.predictions] == [0, None, None, 1]
    assert outcome.learned == shard.learned == 2


def test_there_is_a_model_for_each_key() -> None:
    model = compose.Discard("k") | preprocessing.MinMaxScaler() | anomaly.HalfSpaceTrees(2, 3, 10, seed=1)
    records = [{**x, "k": "JFK" if at % 3 else "EWR"} for at, x in enumerate(RECORDS)]
    shard = Shard([Stage("scores", model, key="k")])
    predictions = shard.apply(batch(records)).predictions
    for key in ("JFK", "EWR"):
        own = [(x, said) for x, said in zip(records, predictions, strict=True) if x["k"] == key]
        assert [said and said.prediction for _, said in own] == bare(model.clone(), [x for x, _ in own])
    assert set(shard.model) == {"JFK", "EWR"}


def test_a_record_may_have_a_field_that_is_called_none() -> None:
    shard = Shard([Stage("groups", cluster.KMeans(2, seed=1))])
    shard.apply(batch([{"None": 1.0}]))
    assert list(shard.model.centers[0]) == ["None"]
