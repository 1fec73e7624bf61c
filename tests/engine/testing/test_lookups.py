"""Lookups of features in Redis, in a job that crashes."""

from __future__ import annotations

from typing import Any

import pytest
from river import compose, linear_model, preprocessing, stats

from engine.connectors import FeatureLookup, Features
from engine.testing import crash, table
from engine.workflow import Workflow
from models import RollingCount
from sinks import FeatureStore, ModelStore, Topic
from sources import KafkaTopic
from tests.engine.testing.airport import FLIGHT, departures
from tests.engine.testing.conftest import Run

pytestmark = pytest.mark.services


def learner() -> Any:
    return preprocessing.StatImputer(("flights", stats.Mean())) | linear_model.LinearRegression()


def counting() -> Workflow:
    """Looks up what it has counted itself, so that Redis changes with each frame."""
    flow = Workflow("counting")
    flights = flow.source(
        "departures", KafkaTopic("departures", schema="departure", event_time="departed_at", lateness="10m")
    )
    count = RollingCount(by="origin", window="10h", on="departed_at", name="flights")
    counted = flow.pipeline("counted", flights, count)
    flow.sink("origins", counted, FeatureStore("origin", features=("flights",)))
    recent = flow.connect(
        "recent", FeatureLookup(flights, Features("counting", "origins", {"flights": "double"}), on="origin")
    )
    known = flow.pipeline("known", recent, compose.Select("flights"))
    flow.sink("seen", known, Topic("seen"))
    model = flow.pipeline("model", known, learner(), label="dep_delay")
    flow.sink("delay", model, ModelStore("delay"))
    return flow


def test_a_model_is_that_of_what_its_records_found_whatever_crashed(run: Run) -> None:
    """Its sink has word of the features with which each record was learned, and Redis says something else by then."""
    flights = [(f"UA{'1' * (number % 7)}", f"{number // 60:02}:{number % 60:02}") for number in range(120)]
    outcome = run(counting(), departures=departures(*flights[:60], crash, *flights[60:]))
    model, found = learner(), outcome["seen"].of("flights")
    for flights_before, (flight, _) in zip(found, flights, strict=True):
        x = {"flights": flights_before}
        model.predict_one(x)
        model.learn_one(x, float(len(flight)))
    assert outcome.restarts == 1
    assert found[0] is None
    assert found[-1] >= 60
    assert outcome.models["delay"][-1].weights == model[-1].weights


def test_a_table_in_place_of_a_lookup(run: Run) -> None:
    recent = table(
        "departed_at flights dep_delay",
        ("08:00", 1.0, 4.0),
        ("08:01", 3.0, 2.0),
        constants={**FLIGHT, "flight_id": "UA1", "origin": "EWR"},
    )
    outcome = run(counting(), "seen", recent=recent)
    assert outcome["seen"].of("flights") == [1.0, 3.0]
