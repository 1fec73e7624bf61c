"""The same tests in the JVM of the test and on the platform: what tables and their marks make of a workflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from river import compose, linear_model

from engine.connectors import Lookup
from engine.testing import at, corrupt, crash, duplicate, idle, table
from engine.workflow import Workflow
from models import Derive
from schemas.errors import Fatal
from sources import KafkaTopic
from tests.engine.testing.airport import A_MINUTE_LATE, FLIGHT, airport, departures, weather
from tests.engine.testing.conftest import Run

pytestmark = pytest.mark.services
HOURLY = (("07:00", 10.0), ("08:00", 12.0), ("09:00", 14.0))


def test_a_join_with_late_double_and_corrupt_records_a_quiet_side_and_a_crash(run: Run) -> None:
    first, second, third, last = ("UA1", "07:30"), ("UA22", "08:10"), ("UA333", "09:05"), ("UA4", "09:20")
    late = ("late", A_MINUTE_LATE)
    outcome = run(
        airport(),
        "situation",
        *("origin_wind", "predictions", "delay"),
        departures=departures(first, duplicate, second, corrupt, late, third, crash, last),
        weather=weather(HOURLY[0], idle, *HOURLY[1:], (A_MINUTE_LATE, 99.0)),
    )
    # idle, the weather does not hold up departures until 08:55; for those behind it, it comes in time
    assert outcome["situation"].of("flight_id departed_at wind_speed") == [
        ("UA1", at("07:30"), 10.0),
        ("UA1", at("07:30"), 10.0),
        ("UA22", at("08:10"), 10.0),
        ("UA333", at("09:05"), 14.0),
        ("UA4", at("09:20"), 14.0),
    ]
    assert outcome["predictions"].of("count") == [0, 1, 2, 3, 4]
    assert outcome.dead.of("node reason") == [("departures", "corrupt"), ("departures", "late"), ("weather", "late")]
    assert [letter["record"] and letter["record"].get("flight_id") for letter in outcome.dead] == [None, "late", None]
    assert outcome["origin_wind"] == [{"origin": "EWR", "wind_speed": 14.0}]
    assert isinstance(outcome.models["delay"][-1], linear_model.LinearRegression)
    assert outcome.restarts == 1


def test_crashes_in_a_row_and_at_the_end(run: Run) -> None:
    flights = departures(("UA1", "07:30"), crash, crash, ("UA2", "08:10"), crash)
    outcome = run(airport(), "predictions", departures=flights, weather=weather(*HOURLY))
    assert outcome["predictions"].of("count") == [0, 1]
    assert outcome.restarts == 3


def test_a_node_by_itself_with_what_leads_to_it(run: Run) -> None:
    flights = departures(("UA1", "07:30"), ("UA2", "08:10"), ("UA3", "09:05"))
    outcome = run(airport(), "situation", departures=flights, weather=weather(*HOURLY))
    assert outcome["situation"].of("flight_id wind_speed") == [("UA1", 10.0), ("UA2", 12.0), ("UA3", 14.0)]
    assert outcome.dead == []
    assert outcome.models == {}
    with pytest.raises(Fatal, match='no records of "predictions"'):
        outcome["predictions"]


def test_a_table_in_place_of_a_connector(run: Run) -> None:
    situation = table(
        "departed_at flight_id wind_speed dep_delay",
        ("08:00", "UA1", 3.0, 1.0),
        ("08:01", "UA2", None, 1.0),
        ("08:02", "UA3", 5.0, 1.0),
        constants={**FLIGHT, "origin": "JFK"},
    )
    outcome = run(airport(), "windy", "predictions", situation=situation)
    assert outcome["windy"].of("wind_speed") == [3.0, 5.0]  # what a node refuses is nowhere
    assert outcome["predictions"].of("offset prediction count") == [(0, 0.0, 0), (2, pytest.approx(0.02), 1)]
    assert outcome.dead.of("node reason") == [("model", "null_feature")]


def test_a_table_that_is_looked_up_and_a_pipeline_without_a_sink(run: Run) -> None:
    flow = Workflow("planes", order="event_time")
    flights = flow.source(
        "flights", KafkaTopic("flights", schema="departure", event_time="departed_at", lateness="10m")
    )
    planes = flow.source("planes", KafkaTopic("planes", schema="plane"))
    known = flow.connect("known", Lookup(flights, planes, on="tailnum"))
    flow.pipeline("size", known, compose.Select("seats") | Derive(rows="seats / 6"))
    outcome = run(
        flow,
        "size",
        flights=table(
            "departed_at tailnum",
            ("08:00", "N1"),
            ("08:01", "N2"),
            constants={**FLIGHT, "flight_id": "UA1", "origin": "EWR"},
        ),
        planes=table("tailnum seats", ("N1", 60), ("N2", 120), constants={"manufacturer": "AIRBUS", "engines": 2}),
    )
    assert outcome["size"].of("seats rows") == [(60, 10.0), (120, 20.0)]


def without_wind(record: dict[str, Any]) -> dict[str, Any]:
    if record["wind_speed"] > 13:
        raise ValueError("a storm")
    return {"origin": record["origin"]}


def giving_up(record: dict[str, Any]) -> dict[str, Any]:
    raise Fatal(f"no airport {record['origin']}")


def test_a_function_of_the_test_that_fails_makes_a_dead_letter(run: Run) -> None:
    outcome = run(calling(without_wind), weather=weather(*HOURLY))
    assert outcome.dead.of("node reason") == [("called", "transform_failed")]
    assert "ValueError: a storm" in outcome.dead[0]["error"]
    assert outcome.dead[0]["record"]["observed_at"] == at("09:00")


def test_a_workflow_that_stops_says_why(run: Run) -> None:
    with pytest.raises(Fatal, match="no airport EWR"):
        run(calling(giving_up), weather=weather(*HOURLY))


def calling(function: Callable[[dict[str, Any]], dict[str, Any]]) -> Workflow:
    flow = Workflow("calling")
    source = flow.source("weather", KafkaTopic("weather", schema="weather", event_time="observed_at"))
    flow.pipeline("called", source, compose.FuncTransformer(function))
    return flow
