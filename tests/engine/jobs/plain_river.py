"""The same learning as a plain loop over river, which knows nothing of Headrace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from river import linear_model, preprocessing

FEATURES = ("warmth", "wind")


def predictions(records: Iterable[dict[str, Any]]) -> list[tuple[bool | None, float | None]]:
    """What the model says of each record before it learns from it: the outcome, and the probability of rain."""
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    said: list[tuple[bool | None, float | None]] = []
    for record in records:
        x = {name: record[name] for name in FEATURES}
        said.append((model.predict_one(x), model.predict_proba_one(x).get(True)))
        if record["rain"] is not None:
            model.learn_one(x, record["rain"])
    return said


def in_event_time_order(records: list[dict[str, Any]], partitions: int) -> list[int]:
    """The positions of records that went to the partitions in turn, by (event time, partition, offset)."""
    return sorted(range(len(records)), key=lambda i: (records[i]["at"], i % partitions, i // partitions))
