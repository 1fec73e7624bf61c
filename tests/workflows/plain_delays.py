"""The flights workflow as a plain river loop: what anyone could write, with nothing of Headrace in it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from river import linear_model, optim, preprocessing

NEW_YORK = ZoneInfo("America/New_York")

# river's unions name the features of their last part first, and sums of floats depend on the order
WINDOWS = {
    "tailnum_delay_1d": ("tailnum", timedelta(days=1)),
    "carrier_delay_2h": ("carrier", timedelta(hours=2)),
    "origin_delay_1h": ("origin", timedelta(hours=1)),
}


def plain_features(flights: Iterable[dict[str, Any]]) -> Iterator[dict[str, float]]:
    """The features of each flight, of flights in the order of their departures."""
    windows: defaultdict[tuple[str, Any], deque[tuple[datetime, float]]] = defaultdict(deque)
    for flight in flights:
        x: dict[str, float] = {}
        for name, (by, length) in WINDOWS.items():
            x[name] = 0.0
            if flight[by] is None:
                continue
            window = windows[name, flight[by]]
            if flight["dep_delay"] is not None:
                window.append((flight["departed_at"], flight["dep_delay"]))
            while window and window[0][0] <= flight["departed_at"] - length:
                window.popleft()
            if window:
                x[name] = sum(delay for _, delay in window) / len(window)
        local = flight["scheduled_at"].astimezone(NEW_YORK)
        x |= {"hour": local.hour, "weekday": local.weekday(), "distance": flight["distance"]}
        x["dep_delay"] = 0.0 if flight["dep_delay"] is None else flight["dep_delay"]
        yield x


def plain_predictions(flights: list[dict[str, Any]]) -> Iterator[dict[bool, float]]:
    """What the model says about each flight before it learns from it."""
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression(optim.SGD(0.05))
    for flight, x in zip(flights, plain_features(flights), strict=True):
        yield model.predict_proba_one(x)
        if flight["late"] is not None:
            model.learn_one(x, flight["late"])
