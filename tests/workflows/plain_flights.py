"""The flights workflow as plain loops over lists: what anyone could write, with nothing of Headrace in it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from river import linear_model, optim, preprocessing

NEW_YORK = ZoneInfo("America/New_York")
HOUR, TOLERANCE = timedelta(hours=1), timedelta(hours=3)
OF_FLIGHT = ("flight_id", "scheduled_at", "departed_at", "origin", "carrier", "distance", "dep_delay")

Record = dict[str, Any]


def plain_examples(
    departures: list[Record], landings: list[Record], weather: list[Record], planes: list[Record]
) -> list[Record]:
    """Each flight that has landed, with its aircraft, its weather, and the delays of those just before it."""
    by_tail = {plane["tailnum"]: plane for plane in planes}
    late = {landing["flight_id"]: landing for landing in landings}
    hours = defaultdict(list)
    for hour in weather:
        hours[hour["origin"]].append(hour)
    examples = []
    for flight in departures:
        landing = late.get(flight["flight_id"])
        if landing is not None:
            plane, hour = by_tail.get(flight["tailnum"], {}), _as_of(hours[flight["origin"]], flight["departed_at"])
            example = {name: flight[name] for name in OF_FLIGHT} | _recent(departures, flight)
            example |= {"built_in": plane.get("built_in")} | {name: hour.get(name) for name in ("wind_speed", "precip")}
            examples.append({**example, "late": landing["late"], "decided_at": landing["landed_at"]})
    return examples


def _as_of(hours: list[Record], at: datetime) -> Record:
    place = bisect_right(hours, at, key=lambda hour: hour["observed_at"])
    return hours[place - 1] if place and hours[place - 1]["observed_at"] >= at - TOLERANCE else {}


def _recent(departures: list[Record], flight: Record) -> Record:
    at = flight["departed_at"]
    last = bisect_right(departures, at, key=lambda other: other["departed_at"])
    first = bisect_right(departures, at - 2 * HOUR - timedelta(seconds=1), key=lambda other: other["departed_at"])
    near = departures[first:last]
    here = [other for other in near if other["origin"] == flight["origin"] and other["departed_at"] >= at - HOUR]
    carried = [other for other in near if other["carrier"] == flight["carrier"]]
    return {"departures_1h": len(here), "origin_delay_1h": _delay(here), "carrier_delay_2h": _delay(carried)}


def _delay(flights: Iterable[Record]) -> float | None:
    delays = [flight["dep_delay"] for flight in flights if flight["dep_delay"] is not None]
    return sum(delays) / len(delays) if delays else None


def plain_predictions(examples: Iterable[Record]) -> Iterator[dict[bool, float]]:
    """What the model says about each example, in their order, before it learns from it."""
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression(optim.SGD(0.05))
    for example in examples:
        local = example["scheduled_at"].astimezone(NEW_YORK)
        x = {"hour": local.hour, "weekday": local.weekday(), "distance": example["distance"]}
        for name in ("dep_delay", "origin_delay_1h", "carrier_delay_2h", "departures_1h", "wind_speed", "precip"):
            x[name] = example[name] or 0.0
        x["age"] = local.year - (example["built_in"] or 2001)
        yield model.predict_proba_one(x)
        model.learn_one(x, example["late"])
