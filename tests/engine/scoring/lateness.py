"""The model and the features that these tests score with, published and written as a learner does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
from river import linear_model, preprocessing

from models.artifact import FeatureSetRef, ModelCard, seal
from schemas.version import Version
from sinks import FeatureRow, FeatureStore, Generations, ModelStore

KEY = b"k" * 32
AT = 1_372_924_800_000  # 2013-07-04T08:00:00Z

CARD = ModelCard(
    workflow="flights",
    model="lateness",
    version=Version(1, 200),
    learned_until=AT - 60_000,
    features={"dep_delay": "number", "origin_delay_1h": "number"},
    label="late",
    feature_sets=(FeatureSetRef("origin", "origin_features", ("origin_delay_1h",)),),
    metrics={"accuracy": 0.81},
    class_path="river.compose.pipeline.Pipeline",
)
RAW = {"dep_delay": 40.0, "origin_delay_1h": 20.0}


def learned(records: int = 200) -> Any:
    """A model that has learned that flights which depart 15 minutes late arrive late."""
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    for i in range(records):
        delay = float(i * 7 % 60)
        model.learn_one({"dep_delay": delay, "origin_delay_1h": delay / 2}, delay > 15)
    return model


def publish(url: str, model: Any, card: ModelCard = CARD, key: bytes = KEY) -> None:
    with ModelStore(card.model).open(url, shards=card.shards) as publisher:
        assert publisher.publish(card.shard, card.version, seal(card, model, key))


def at_version(epoch: int, count: int) -> ModelCard:
    return replace(CARD, version=Version(epoch, count))


def write_origin(url: str, airport: str, delay_1h: float, event_time: int) -> None:
    with Generations(url, "flights") as generations:
        generation = generations.current() or generations.next()
    row = FeatureRow("origin", airport, "origin_features", {"origin_delay_1h": delay_1h}, event_time, 0, event_time)
    with FeatureStore("origin").open(url, "flights", generation) as writer:
        assert writer.write([row], {"0/1.flights.0": event_time}) == 1


def until(get: Callable[[], httpx.Response], holds: Callable[[httpx.Response], bool]) -> httpx.Response:
    """The first response for which `holds`, asked for again and again."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        response = get()
        if holds(response):
            return response
    raise AssertionError(f"still {response.status_code} {response.text}")
