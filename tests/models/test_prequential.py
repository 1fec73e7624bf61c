"""The running metrics equal those computed at the end over everything."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from river import metrics

from models.predictions import Prediction
from models.prequential import ClassificationMetrics, RegressionMetrics
from models.shard import Shard
from tests.models.pipelines import CASES, batch, phishing, trump


def predictions_of(case_name: str, records: list[dict[str, Any]]) -> list[Prediction]:
    case = next(case for case in CASES if case.name == case_name)
    return [p for p in Shard([case.stage()]).apply(batch(records)).predictions if p is not None]


@pytest.mark.parametrize("cut", [1, 100, 5000])
def test_classification_agrees_with_river(cut: int) -> None:
    predictions = predictions_of("logistic", phishing())
    ours = ClassificationMetrics()
    for start in range(0, len(predictions), cut):
        ours.update([None, *predictions[start : start + cut]])
    accuracy, loss, area = metrics.Accuracy(), metrics.LogLoss(), metrics.ROCAUC(n_thresholds=1001)
    for p in predictions:
        accuracy.update(p.label, p.prediction)
        loss.update(p.label, p.probabilities)
        area.update(p.label, p.probabilities)
    labels = [p.label for p in predictions]
    unchanged = sum(a == b for a, b in pairwise(labels)) / (len(labels) - 1)
    assert ours.as_dict() == {
        "accuracy": accuracy.get(),
        "no_change_accuracy": unchanged,
        "log_loss": pytest.approx(loss.get()),
        "roc_auc": pytest.approx(area.get(), abs=1e-3),
    }


def test_regression_agrees_with_river() -> None:
    predictions = predictions_of("linear", trump())
    ours, mae, rmse = RegressionMetrics(), metrics.MAE(), metrics.RMSE()
    ours.update(predictions[:300])
    ours.update(predictions[300:])
    for p in predictions:
        mae.update(p.label, p.prediction)
        rmse.update(p.label, p.prediction)
    result = ours.as_dict()
    assert result["mae"] == pytest.approx(mae.get())
    assert result["rmse"] == pytest.approx(rmse.get())
    labels = [p.label for p in predictions]
    changes = [abs(b - a) for a, b in pairwise(labels)]
    assert result["no_change_mae"] == pytest.approx(math.fsum(changes) / len(changes))


def test_metrics_do_not_depend_on_how_records_are_cut() -> None:
    predictions = predictions_of("logistic", phishing()[:300])
    whole, single = ClassificationMetrics(), ClassificationMetrics()
    whole.update(predictions)
    for p in predictions:
        single.update([p])
    assert whole.as_dict() == single.as_dict()


def test_labels_of_many_classes_have_no_area() -> None:
    ours = ClassificationMetrics()
    ours.update([Prediction("a", {"a": 0.7, "b": 0.3}, "a", 0), Prediction("a", {"a": 0.7, "b": 0.3}, "b", 1)])
    assert ours.as_dict() == {
        "accuracy": 0.5,
        "no_change_accuracy": 0.0,
        "log_loss": pytest.approx(-(math.log(0.7) + math.log(0.3)) / 2),
    }


def test_nothing_judged_says_nothing() -> None:
    assert ClassificationMetrics().as_dict() == RegressionMetrics().as_dict() == {}


def test_a_model_that_has_diverged_is_judged_without_an_error() -> None:
    ours = ClassificationMetrics()
    ours.update([Prediction(False, {False: math.nan, True: math.nan}, True, 0), Prediction(True, {True: 0.9}, True, 1)])
    assert ours.as_dict()["accuracy"] == 0.5
    regression = RegressionMetrics()
    regression.update([Prediction(1e300, None, -1e300, 0)])
    assert regression.as_dict()["rmse"] == math.inf
