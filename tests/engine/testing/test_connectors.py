"""What connectors give where the job crashes in between, and where one side comes before the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.connectors import AsOfJoin, Connector, IntervalJoin, Tumbling, Union
from engine.testing import crash, idle
from engine.testing.in_process import run_in_process
from engine.workflow import DataSource, Workflow
from sources import KafkaTopic
from tests.engine.testing.airport import departures, weather

pytestmark = pytest.mark.services

Build = Callable[[DataSource, DataSource], Connector]


def flow(build: Build) -> Workflow:
    """One connector over departures and the weather."""
    made = Workflow("made")
    topics = {"departures": ("departure", "departed_at"), "weather": ("weather", "observed_at")}
    left, right = (
        made.source(name, KafkaTopic(name, schema=schema, event_time=field, lateness="10m"))
        for name, (schema, field) in topics.items()
    )
    made.connect("result", build(left, right))
    return made


def given(build: Build, **tables: Any) -> tuple[list[Any], int]:
    """What the connector gives, as flight and wind, and how often the job went on from a checkpoint."""
    outcome = run_in_process(flow(build), ("result",), tables)
    return outcome["result"].of("flight_id wind_speed"), outcome.restarts


def test_a_window_that_is_open_as_the_job_crashes() -> None:
    flights = departures(("A", "07:10"), ("B", "07:20"), crash, ("C", "07:40"), ("D", "08:30"), crash, ("E", "08:31"))
    made = Workflow("made")
    source = made.source("departures", KafkaTopic("departures", schema="departure", event_time="departed_at"))
    made.connect("result", Tumbling(source, by="origin", size="1h", flights="COUNT(*)"))
    outcome = run_in_process(made, ("result",), {"departures": flights})
    assert outcome["result"].of("flights") == [3, 2]
    assert outcome.restarts == 2


def test_an_interval_join_whose_sides_come_before_and_after_a_crash() -> None:
    found, restarts = given(
        lambda flights, wind: IntervalJoin(flights, wind, on="origin", before="1h", after="30m"),
        departures=departures(("A", "07:30"), crash, ("B", "08:00")),
        weather=weather(("07:00", 10.0), crash, ("07:50", 12.0)),
    )
    assert sorted(found) == [("A", 10.0), ("A", 12.0), ("B", 10.0), ("B", 12.0)]
    assert restarts == 1


def test_a_union_of_streams_gives_each_record_once_whatever_crashes() -> None:
    made = Workflow("made")
    streams = [
        made.source(name, KafkaTopic(name, schema="departure", event_time="departed_at")) for name in ("here", "there")
    ]
    made.connect("result", Union(*streams))
    here, there = departures(("A", "07:30"), crash, ("B", "08:00")), departures(("C", "07:40"), ("D", "07:50"))
    outcome = run_in_process(made, ("result",), {"here": here, "there": there})
    assert outcome["result"].of("flight_id") == ["A", "C", "D", "B"]
    assert outcome.restarts == 1


def without_waiting(flights: DataSource, wind: DataSource) -> AsOfJoin:
    return AsOfJoin(flights, wind, on="origin", tolerance="3h", wait="none")


def test_a_join_that_does_not_wait_still_has_after_a_crash_what_had_arrived() -> None:
    found, restarts = given(
        without_waiting,
        departures=departures(idle, ("A", "07:30"), crash, ("B", "07:40")),
        weather=weather(("07:00", 10.0)),
    )
    assert found == [("A", 10.0), ("B", 10.0)]
    assert restarts == 1


def test_a_join_that_does_not_wait_takes_what_comes_late_from_then_on() -> None:
    found, _ = given(
        without_waiting,
        departures=departures(idle, ("A", "07:30"), idle, idle, ("B", "07:40")),
        weather=weather(("07:00", 10.0), idle, idle, ("07:20", 12.0)),
    )
    assert found == [("A", 10.0), ("B", 12.0)]
