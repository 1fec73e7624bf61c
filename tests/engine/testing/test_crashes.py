"""A crash anywhere changes nothing but the number of restarts."""

from __future__ import annotations

from itertools import pairwise

import pytest

from engine.testing import Outcome, crash, idle
from engine.testing.in_process import run_in_process
from engine.testing.tables import Mark
from tests.engine.testing.airport import airport, departures, weather

pytestmark = pytest.mark.services
FLIGHTS = [(f"UA{number}", f"{7 + number // 6:02}:{number % 6}5") for number in range(12)]
HOURLY = [("07:00", 10.0), ("08:00", 12.0)]


def outcome_of(*flights: tuple[str, str] | Mark, wind: tuple[tuple[str, float] | Mark, ...] = tuple(HOURLY)) -> Outcome:
    tables = {"departures": departures(*flights), "weather": weather(*wind)}
    return run_in_process(airport(), ("situation", "predictions", "origin_wind", "delay"), tables)


@pytest.fixture(scope="module")
def undisturbed() -> Outcome:
    return outcome_of(*FLIGHTS)


@pytest.mark.parametrize("place", [0, 5, 12])
def test_wherever_it_crashes(undisturbed: Outcome, place: int) -> None:
    outcome = outcome_of(*FLIGHTS[:place], crash, *FLIGHTS[place:])
    assert outcome.restarts == 1
    assert outcome.records == undisturbed.records
    assert len(outcome["predictions"]) == len(FLIGHTS)
    [before, after] = (model.models["delay"]["LinearRegression"].weights for model in (undisturbed, outcome))
    assert dict(after) == dict(before)


def test_crash_after_crash_in_both_tables(undisturbed: Outcome) -> None:
    outcome = outcome_of(
        FLIGHTS[0], crash, *FLIGHTS[1:7], crash, crash, *FLIGHTS[7:], wind=(HOURLY[0], crash, HOURLY[1])
    )
    assert outcome.restarts == 3  # that of the weather is that of the first flight
    assert outcome.records == undisturbed.records


def test_a_side_that_was_idle_is_so_after_a_crash() -> None:
    outcome = outcome_of(*FLIGHTS[:9], crash, *FLIGHTS[9:], crash, wind=(HOURLY[0], idle))
    assert outcome.restarts == 2
    assert outcome["situation"].of("wind_speed") == [10.0] * len(FLIGHTS)
    times = outcome["situation"].of("departed_at")
    assert all(one < other for one, other in pairwise(times))
