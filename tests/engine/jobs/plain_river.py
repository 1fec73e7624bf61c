"""The same learning as a plain loop over river, which knows nothing of Headrace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from river import base, linear_model, preprocessing

FEATURES = ("warmth", "wind")

Said = tuple[Any, float | None]


def predictions(records: Iterable[dict[str, Any]], model: Any = None) -> list[Said]:
    """What a model says of each record before it learns from it, and where it is of rain, the probability of that."""
    if model is None:
        model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    said: list[Said] = []
    for record in records:
        x = {name: record[name] for name in FEATURES}
        said.append(_said(model, x))
        if not isinstance(model, base.Classifier):
            model.learn_one(x)
        elif record["rain"] is not None:
            model.learn_one(x, record["rain"])
    return said


def _said(model: Any, x: dict[str, Any]) -> Said:
    if isinstance(model, base.AnomalyDetector):
        return float(model.score_one(x)), None  # river also gives whole numbers
    return model.predict_one(x), model.predict_proba_one(x).get(True) if isinstance(model, base.Classifier) else None


def in_event_time_order(records: list[dict[str, Any]], partitions: int) -> list[int]:
    """The positions of records that went to the partitions in turn, by (event time, partition, offset)."""
    return sorted(range(len(records)), key=lambda i: (records[i]["at"], i % partitions, i // partitions))
