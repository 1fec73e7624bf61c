"""The pipelines that every contract of the learning core is checked on, each with records to learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from river import compose, datasets, forest, linear_model, naive_bayes, neighbors, preprocessing, tree

from models.outcome import Batch
from models.rolling import RollingCount, RollingMean
from models.stage import Stage

Record = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A pipeline, made anew by each call of `pipeline`, and the records it is checked on."""

    name: str
    pipeline: Callable[[], Any]
    records: Callable[[], list[Record]]
    regression: bool = False

    def stage(self, **options: Any) -> Stage:
        return Stage("model", self.pipeline(), label="y", **options)


def phishing() -> list[Record]:
    return [{**x, "y": y} for x, y in datasets.Phishing()]


def trump() -> list[Record]:
    return [{**x, "y": y} for x, y in datasets.TrumpApproval()]


def departures() -> list[Record]:
    """Flights, so to speak: a place, a delay, a time, and values in different fields."""
    return list(islice(_departures(), 600))


def numbers_of(x: Record) -> Record:
    return {"delay": x["delay"], "hour": (x["at"] // 3_600_000) % 24, "far": x["distance"] > 500.0}


def rolling() -> Any:
    return (
        (
            compose.FuncTransformer(numbers_of)
            + RollingMean("delay", by="origin", window="1h", on="at")
            + RollingCount(by="origin", window="3h", on="at")
        )
        | preprocessing.StandardScaler()
        | linear_model.LogisticRegression()
    )


CASES = [
    Case("logistic", lambda: preprocessing.StandardScaler() | linear_model.LogisticRegression(), phishing),
    Case("lone", linear_model.LogisticRegression, phishing),
    Case("bayes", naive_bayes.GaussianNB, phishing),
    Case("tree", lambda: tree.HoeffdingTreeClassifier(grace_period=50), phishing),
    Case("forest", lambda: forest.ARFClassifier(3, seed=7), lambda: phishing()[:400]),
    Case("neighbours", lambda: preprocessing.MinMaxScaler() | neighbors.KNNClassifier(3), lambda: phishing()[:200]),
    Case("linear", lambda: preprocessing.StandardScaler() | linear_model.LinearRegression(), trump, True),
    Case("regressing tree", lambda: tree.HoeffdingTreeRegressor(grace_period=50), trump, True),
    Case("function", lambda: compose.FuncTransformer(numbers_of) | naive_bayes.GaussianNB(), departures),
    Case("lambda", lambda: compose.FuncTransformer(lambda x: {"a": x["delay"]}) | naive_bayes.GaussianNB(), departures),
    Case("rolling", rolling, departures),
    Case(
        "union",
        lambda: (
            (
                (compose.SelectType(float) | preprocessing.StandardScaler())
                + (compose.SelectType(str) | preprocessing.OneHotEncoder())
            )
            | linear_model.LogisticRegression()
        ),
        departures,
    ),
]


def bare(case: Case, records: list[Record]) -> tuple[list[Any], Any]:
    """River by itself: predict, then learn. Gives the predictions and the model."""
    model = case.pipeline()
    predict = model.predict_one if case.regression else model.predict_proba_one
    said = []
    for record in records:
        x = {name: value for name, value in record.items() if name != "y"}
        said.append(predict(x))
        if record["y"] is not None:
            model.learn_one(x, record["y"])
    return said, model


def batch(records: list[Record]) -> Batch:
    """The records as a shard takes them: it may keep what it is given."""
    return Batch([dict(record) for record in records], list(range(len(records))))


def _departures() -> Iterator[Record]:
    for index, (x, y) in enumerate(datasets.Phishing()):
        yield {
            "origin": ("JFK", "EWR", "LGA")[index * 7 % 3],
            "delay": 10.0 * x["age_of_domain"] + index % 13 / 7,
            "distance": 100.0 * (index % 11),
            "at": index * 240_000,
            "y": y,
        }
