"""What holds for every description of a sink."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from schemas.errors import Fatal
from sinks import Collector, Console, FeatureStore, Folder, ModelStore, SqlTable, Topic

DESCRIPTIONS: list[Any] = [
    FeatureStore("origin", features=("mean",)),
    ModelStore("late"),
    Topic("predictions", schema="delays.avsc"),
    Folder("/data/delays", "parquet", "delays.avsc"),
    SqlTable("sqlite:////data/delays.db", "delays", key=("origin",)),
    Console("table", newest=3),
    Collector(name="delays"),
]
SESSIONS: list[Callable[[str], Any]] = [
    lambda url: FeatureStore("origin").open(url, "flights", 1),
    lambda url: ModelStore("late").open(url),
]


@pytest.mark.parametrize("description", DESCRIPTIONS)
def test_a_description_is_a_value(description: Any) -> None:
    assert pickle.loads(pickle.dumps(description)) == description
    assert hash(description) == hash(pickle.loads(pickle.dumps(description)))
    with pytest.raises(FrozenInstanceError):
        description.name = "other"


@pytest.mark.parametrize("session", SESSIONS)
def test_a_url_that_is_none_is_fatal(session: Callable[[str], Any]) -> None:
    with pytest.raises(Fatal, match="HEADRACE_REDIS or --redis"):
        session("localhost:6379")


@pytest.mark.parametrize(
    "build",
    [
        lambda: FeatureStore("a:b"),
        lambda: FeatureStore(""),
        lambda: FeatureStore("origin", ttl="soon"),
        lambda: FeatureStore("origin", ttl="0s"),
        lambda: FeatureStore("origin", features="mean"),  # type: ignore[arg-type]
        lambda: ModelStore("{late}"),
        lambda: ModelStore("late", every="often"),
        lambda: ModelStore("late", archive_keep=0),
        lambda: Topic(""),
        lambda: Folder(""),
        lambda: Folder("/data/delays", "csv"),  # type: ignore[arg-type]
        lambda: Console("graph"),  # type: ignore[arg-type]
        lambda: Console(newest=0),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(build: Callable[[], object]) -> None:
    with pytest.raises(Fatal):
        build()
