"""The running metrics equal those computed at the end over everything, or over what is meant of it."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import metrics, utils

from models.judged import BINS
from models.pickled import dump, load
from models.predictions import Prediction, Predictions
from models.prequential import ClassificationMetrics, Prequential, RegressionMetrics
from models.shard import Shard
from models.spans import FADING, LATEST
from tests.models.pipelines import CASES, batch, phishing, trump


def predictions_of(case_name: str, records: list[dict[str, Any]]) -> list[Prediction]:
    case = next(case for case in CASES if case.name == case_name)
    return [p for p in Shard([case.stage()]).apply(batch(records)).predictions if p is not None]


def taken(ours: Prequential, predictions: Any, cut: int) -> dict[str, float]:
    """The metrics after frames of so many records, each behind a record without a prediction."""
    for start in range(0, len(predictions), cut):
        ours.update([None, *predictions[start : start + cut]])
    return ours.as_dict()


def overall(known: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in known.items() if not name.endswith(("_sliding", "_fading"))}


@pytest.mark.parametrize("cut", [1, 100, 5000])
def test_classification_agrees_with_river(cut: int) -> None:
    predictions = predictions_of("logistic", phishing())
    accuracy, loss, area, f1 = metrics.Accuracy(), metrics.LogLoss(), metrics.ROCAUC(n_thresholds=1001), metrics.F1()
    latest = [utils.Rolling(each, window_size=LATEST) for each in (metrics.Accuracy, metrics.LogLoss, metrics.F1)]
    for p in predictions:
        for each in (accuracy, f1, latest[0], latest[2]):
            each.update(p.label, p.prediction)
        for each in (loss, area, latest[1]):
            each.update(p.label, p.probabilities)
    labels = [p.label for p in predictions]
    known = taken(ClassificationMetrics(), predictions, cut)
    assert overall(known) == {
        "accuracy": accuracy.get(),
        "f1": pytest.approx(f1.get()),
        "no_change_accuracy": sum(a == b for a, b in pairwise(labels)) / (len(labels) - 1),
        "log_loss": pytest.approx(loss.get()),
        "roc_auc": pytest.approx(area.get(), abs=1e-3),
    }
    names = ("accuracy_sliding", "log_loss_sliding", "f1_sliding")
    assert [known[name] for name in names] == pytest.approx([each.get() for each in latest])


@pytest.mark.parametrize("cut", [1, 300])
def test_regression_agrees_with_river(cut: int) -> None:
    predictions = predictions_of("linear", trump())
    mae, rmse = metrics.MAE(), metrics.RMSE()
    late_mae, late_rmse = (utils.Rolling(each, window_size=LATEST) for each in (metrics.MAE, metrics.RMSE))
    for p in predictions:
        for each in (mae, rmse, late_mae, late_rmse):
            each.update(p.label, p.prediction)
    changes = [abs(b.label - a.label) for a, b in pairwise(predictions)]
    known = taken(RegressionMetrics(), predictions, cut)
    assert overall(known) == {
        "mae": pytest.approx(mae.get()),
        "rmse": pytest.approx(rmse.get()),
        "no_change_mae": pytest.approx(math.fsum(changes) / len(changes)),
    }
    assert known["mae_sliding"] == pytest.approx(late_mae.get())
    assert known["rmse_sliding"] == pytest.approx(late_rmse.get())


@dataclass
class Faded:
    """A mean as Gama, Sebastiao and Rodrigues have it: what was is multiplied by the factor at each record."""

    total: float = 0.0
    count: float = 0.0

    def update(self, value: float) -> None:
        self.total, self.count = value + FADING * self.total, 1.0 + FADING * self.count

    def get(self) -> float:
        return self.total / self.count


@dataclass
class FadedCounts:
    """Labels, classes said and hits by class, of which those that were grow less."""

    labels: dict[Any, float] = field(default_factory=dict)
    said: dict[Any, float] = field(default_factory=dict)
    hits: dict[Any, float] = field(default_factory=dict)

    def update(self, p: Prediction) -> None:
        for counts in (self.labels, self.said, self.hits):
            counts.update({label: count * FADING for label, count in counts.items()})
        self.labels[p.label] = self.labels.get(p.label, 0.0) + 1.0
        if p.prediction is not None:
            self.said[p.prediction] = self.said.get(p.prediction, 0.0) + 1.0
        if p.prediction == p.label:
            self.hits[p.label] = self.hits.get(p.label, 0.0) + 1.0

    def f1(self, label: Any) -> float:
        either = self.labels.get(label, 0.0) + self.said.get(label, 0.0)
        return 2.0 * self.hits.get(label, 0.0) / either if either else 0.0

    def macro_f1(self) -> float:
        classes = self.labels.keys() | self.said.keys()
        return math.fsum(self.f1(label) for label in classes) / len(classes)


def test_what_fades_is_what_the_recursion_gives_over_several_blocks() -> None:
    rng = np.random.default_rng(7)
    said, noise = rng.normal(size=10_000).tolist(), rng.normal(size=10_000).tolist()
    numbers = [Prediction(a, None, a + b, 0) for a, b in zip(said, noise, strict=True)]
    truths = [
        Prediction(p > 0.5, {False: 1 - p, True: p}, q < 0, 0) for p, q in zip(rng.random(10_000), noise, strict=True)
    ]
    absolute, squared, right, loss, counts = Faded(), Faded(), Faded(), Faded(), FadedCounts()
    for number, truth in zip(numbers, truths, strict=True):
        absolute.update(abs(number.label - number.prediction))
        squared.update((number.label - number.prediction) ** 2)
        right.update(truth.prediction == truth.label)
        loss.update(-math.log(truth.probabilities[truth.label]))  # type: ignore[index]
        counts.update(truth)
    known = {**taken(RegressionMetrics(), numbers, 700), **taken(ClassificationMetrics(), truths, 700)}
    expected = {
        "mae_fading": absolute.get(),
        "rmse_fading": math.sqrt(squared.get()),
        "accuracy_fading": right.get(),
        "log_loss_fading": loss.get(),
        "f1_fading": counts.f1(True),
    }
    assert {name: known[name] for name in expected} == pytest.approx(expected, rel=1e-9)


def area(scores: list[float], labels: list[bool], weights: list[float]) -> float:
    """How much of the weight of pairs of a true and a false record has the true one in a higher bin, ties by half."""
    bins, are_true, weighs = np.array([int(p * BINS) for p in scores]), np.array(labels), np.array(weights)
    above = np.sign(bins[are_true][:, None] - bins[~are_true][None, :]) / 2 + 0.5
    pairs = weighs[are_true][:, None] * weighs[~are_true][None, :]
    return float((above * pairs).sum() / pairs.sum())


def test_the_area_under_the_roc_curve_is_that_of_weighed_pairs() -> None:
    rng = np.random.default_rng(11)
    scores = rng.random(5_000)
    labels = (rng.random(5_000) < scores * np.linspace(0.0, 1.0, 5_000)).tolist()
    said = [Prediction(p > 0.5, {False: 1 - p, True: p}, y, 0) for p, y in zip(scores.tolist(), labels, strict=True)]
    known = taken(ClassificationMetrics(), said, 700)
    spans = {
        "roc_auc": [1.0] * 5_000,
        "roc_auc_sliding": [0.0] * (5_000 - LATEST) + [1.0] * LATEST,
        "roc_auc_fading": [FADING**age for age in reversed(range(5_000))],
    }
    expected = {name: area(scores.tolist(), labels, weights) for name, weights in spans.items()}
    assert {name: known[name] for name in expected} == pytest.approx(expected, rel=1e-9)


def test_the_latest_records_are_those_alone() -> None:
    rng = np.random.default_rng(8)
    scores, labels = rng.random(LATEST + 700).tolist(), (rng.random(LATEST + 700) < 0.4).tolist()
    predictions = [Prediction(p > 0.5, {False: 1 - p, True: p}, y, 0) for p, y in zip(scores, labels, strict=True)]
    known, alone = ClassificationMetrics(), ClassificationMetrics()
    taken(known, predictions, 300)
    taken(alone, predictions[-LATEST:], LATEST)
    of_latest = {name: value for name, value in overall(alone.as_dict()).items() if name != "no_change_accuracy"}
    assert {name: known.as_dict()[f"{name}_sliding"] for name in of_latest} == of_latest


LABELS: dict[str, st.SearchStrategy[Any]] = {
    "binary": st.booleans(),
    "numbers": st.integers(0, 3),
    "mixed": st.sampled_from([True, 1, 2.0, False, "a"]),
    "words": st.sampled_from(["a", "b", "c"]),
}
CLASSES: dict[str, tuple[Any, ...]] = {
    "binary": (False, True),
    "numbers": (2, 0, 1),
    "mixed": (1, "a", 2),
    "words": ("c", "a", "b"),
}


@st.composite
def columns(draw: st.DrawFn, kind: str) -> Predictions:
    """Predictions of a frame as columns, as compiled classifiers give them."""
    classes, size = CLASSES[kind], draw(st.integers(0, 12))
    known = draw(st.integers(0 if kind != "binary" else 2, len(classes)))
    probability = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0, math.nan])
    rows = draw(st.lists(st.lists(probability, min_size=known, max_size=known), min_size=size, max_size=size))
    labels = draw(st.lists(LABELS[kind] | st.none(), min_size=size, max_size=size))
    order = [draw(st.permutations([*range(known)])) for _ in range(size)] if draw(st.booleans()) and known else None
    if order:
        order = [[each if draw(st.integers(0, 4)) else -1 for each in row] for row in order]
        order = [[each for each in row if each >= 0] + [-1] * row.count(-1) for row in order]
    some = [label for label in labels if label is not None]
    is_array = kind == "binary" and draw(st.booleans())
    return Predictions(
        size=size,
        positions=np.arange(size),
        counts=np.zeros(size, np.int64),
        labelled=np.array([label is not None for label in labels], np.bool_),
        labels=np.array(some, np.bool_) if is_array else some,
        classes=classes[:known],
        probabilities=np.array(rows, np.float64).reshape(size, known),
        order=np.array(order, np.int32) if order else None,
    )


@pytest.mark.parametrize("kind", LABELS)
@settings(max_examples=150)
@given(data=st.data())
def test_columns_and_single_records_give_the_same_bits_however_they_are_cut(kind: str, data: st.DataObject) -> None:
    frames = data.draw(st.lists(columns(kind), max_size=5))
    ours, single = ClassificationMetrics(), ClassificationMetrics()
    for frame in frames:
        ours.update(frame)
    records = [p for frame in frames for p in frame]
    start = 0
    while start < len(records):
        size = data.draw(st.integers(1, 8))
        single.update(records[start : start + size])
        start += size
        single = load(dump(single))
    assert repr(ours.as_dict()) == repr(single.as_dict())
    assert ours.count == single.count


def test_classes_come_in_any_order() -> None:
    rng = np.random.default_rng(9)
    said = [Prediction(int(a), None, int(b), 0) for a, b in rng.integers(0, 40, (400, 2))]
    known = [taken(ClassificationMetrics(), said, cut) for cut in (1, 7, 150, 400)]
    assert known == known[:1] * 4


@settings(max_examples=100)
@given(
    labels=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=40),
    said=st.lists(st.sampled_from(["a", "b", "d", None]), min_size=40, max_size=40),
)
def test_macro_f1_agrees_with_river_where_something_is_said(labels: list[str], said: list[str | None]) -> None:
    spoken = [Prediction(a or "a", None, y, 0) for y, a in zip(labels, said, strict=False)]
    f1, faded, window = metrics.MacroF1(), FadedCounts(), deque(spoken, LATEST)
    for p in window:
        f1.update(p.label, p.prediction)
        faded.update(p)
    known = taken(ClassificationMetrics(), spoken, 7)
    assert known["macro_f1"] == pytest.approx(f1.get())
    assert known["macro_f1_sliding"] == pytest.approx(f1.get())
    assert known["macro_f1_fading"] == pytest.approx(faded.macro_f1())
    assert "f1" not in known


@settings(max_examples=100)
@given(
    numbers=st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3) | st.none()), max_size=60),
    cut=st.integers(1, 20),
)
def test_numbers_as_columns_give_the_same_bits(numbers: list[tuple[float, float | None]], cut: int) -> None:
    records = [Prediction(said, None, label, 0) for said, label in numbers]
    labelled = np.array([label is not None for _, label in numbers], np.bool_)
    frame = Predictions(
        len(numbers),
        np.arange(len(numbers)),
        np.zeros(len(numbers), np.int64),
        labelled,
        [label for _, label in numbers if label is not None],
        np.array([said for said, _ in numbers], np.float64),
    )
    ours = RegressionMetrics()
    ours.update(frame)
    assert repr(ours.as_dict()) == repr(taken(RegressionMetrics(), records, cut))


class Before:
    """The state of a version that had neither F1 nor anything over the latest."""

    @staticmethod
    def of_classes() -> ClassificationMetrics:
        scores = np.zeros((2, 1000), np.int64)
        scores[0, 300], scores[1, 900] = 2, 2
        state = {"count": 4, "right": 3, "unchanged": 1, "compared": 3, "last": True, "loss": 1.5, "judged_loss": 4}
        loaded = ClassificationMetrics.__new__(ClassificationMetrics)
        loaded.__setstate__({**state, "binary": True, "scores": scores})
        return loaded

    @staticmethod
    def of_numbers() -> RegressionMetrics:
        loaded = RegressionMetrics.__new__(RegressionMetrics)
        state = {"count": 2, "absolute": 3.0, "squared": 5.0, "change": 1.0, "compared": 1, "last": 2.0}
        loaded.__setstate__(state)
        return loaded


def test_what_an_earlier_version_has_kept_goes_on_and_the_rest_begins() -> None:
    classes, numbers = Before.of_classes(), Before.of_numbers()
    before = {"accuracy": 0.75, "log_loss": 0.375, "roc_auc": 1.0, "no_change_accuracy": 1 / 3, "f1": 0.0}
    assert classes.as_dict() == before
    classes.update([Prediction(True, {False: 0.25, True: 0.75}, True, 4)])
    known = classes.as_dict()
    assert overall(known) == {
        "accuracy": 0.8,
        "f1": 1.0,
        "log_loss": (1.5 - math.log(0.75)) / 5,
        "roc_auc": pytest.approx(1.0),
        "no_change_accuracy": 0.5,
    }
    assert (known["accuracy_sliding"], known["accuracy_fading"], known["f1_sliding"]) == (1.0, 1.0, 1.0)
    numbers.update([Prediction(1.0, None, 4.0, 2)])
    assert numbers.as_dict()["mae"] == 2.0
    assert numbers.as_dict()["no_change_mae"] == 1.5
    assert numbers.as_dict()["mae_sliding"] == 3.0
    assert load(dump(classes)).as_dict() == known


def test_labels_of_many_classes_have_no_area() -> None:
    ours = ClassificationMetrics()
    ours.update([Prediction("a", {"a": 0.7, "b": 0.3}, "a", 0), Prediction("a", {"a": 0.7, "b": 0.3}, "b", 1)])
    assert overall(ours.as_dict()) == {
        "accuracy": 0.5,
        "macro_f1": pytest.approx(1 / 3),
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
    regression.update([Prediction(1.0, None, 3.0, 0)] * LATEST)
    assert regression.as_dict()["rmse_sliding"] == 2.0


def test_what_cannot_be_a_class_is_wrong() -> None:
    ours = ClassificationMetrics()
    ours.update([Prediction([1], None, 1, 0), Prediction(math.nan, None, 2, 0), Prediction(None, None, 3, 0)])
    assert ours.as_dict()["accuracy"] == 0.0
