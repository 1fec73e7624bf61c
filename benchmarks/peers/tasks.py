"""The tasks that are measured: a stream of records, and the river pipeline that learns from it; ours and the peers'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from river import anomaly, compose, linear_model, naive_bayes, preprocessing, stats, tree

_SCHEMAS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Task:
    """What is to be learned from the records of a kind; `label` is None where there is none, by `key` a model each.

    >>> TASKS["mixed"].stream(1000)
    'bookings_1000'
    """

    name: str
    record: str
    pipeline: Callable[[], Any]
    label: str | None = None
    key: str | None = None

    @property
    def schema_file(self) -> Path:
        """Where the Avro schema of its records is."""
        return _SCHEMAS / f"{self.record}.avsc"

    def stream(self, records: int) -> str:
        """The topic of so many of its records."""
        return f"{self.record}s_{records}"


def _scaled() -> Any:
    return preprocessing.StandardScaler() | linear_model.LogisticRegression()


def _mixed() -> Any:
    numbers = compose.Select("fare", "distance", "delay", "seats", "booked_days", "stops")
    words = compose.Select("carrier", "origin", "destination", "channel", "cabin")
    imputer = preprocessing.StatImputer(("fare", stats.Mean()), ("delay", stats.Mean()))
    scaled = numbers | imputer | preprocessing.StandardScaler()
    return (scaled + (words | preprocessing.OneHotEncoder())) | linear_model.LogisticRegression()


def _half_space() -> Any:
    return preprocessing.MinMaxScaler() | anomaly.HalfSpaceTrees(seed=7)


def _of_visits() -> Any:
    return compose.Discard("account") | _scaled()


TASKS = {
    task.name: task
    for task in (
        Task("pages", "page", _scaled, "is_phishing"),
        Task("mixed", "booking", _mixed, "is_cancelled"),
        Task("naive_bayes", "point", naive_bayes.GaussianNB, "is_inside"),
        Task("tree", "point", tree.HoeffdingTreeClassifier, "is_inside"),
        Task("half_space", "signal", _half_space),
        Task("keyed", "visit", _of_visits, "has_bought", key="account"),
        Task("together", "visit", _of_visits, "has_bought"),
    )
}
