"""The records of each kind, without end, drawn by a seed: the same ones for all, in every run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from random import Random
from typing import Any

from river import datasets

ACCOUNTS = 100_000
POINTS = [f"x{number}" for number in range(10)]
_SEED = 1


def pages() -> Iterator[dict[str, Any]]:
    """River's Phishing again and again."""
    features = (({name: float(value) for name, value in x.items()}, y) for x, y in datasets.Phishing())
    return cycle([{**x, "is_phishing": bool(y)} for x, y in features])


def bookings() -> Iterator[dict[str, Any]]:
    """Texts of some tens of values each, of which some are far more frequent than others, and numbers that may lack."""
    chance = Random(_SEED)
    while True:
        carrier, origin, delay = _one_of(chance, 16), _one_of(chance, 40), chance.gauss(10, 30)
        yield {
            "carrier": f"carrier-{carrier}",
            "origin": f"airport-{origin}",
            "destination": f"airport-{_one_of(chance, 40)}",
            "channel": f"channel-{_one_of(chance, 24)}",
            "cabin": ("economy", "premium", "business", "first")[_one_of(chance, 4)],
            "fare": None if chance.random() < 0.1 else 400 * chance.random(),
            "distance": 5000 * chance.random(),
            "delay": None if chance.random() < 0.2 else delay,
            "seats": 100 + chance.randrange(300),
            "booked_days": chance.randrange(365),
            "stops": chance.randrange(3),
            "is_cancelled": delay + 2 * carrier - origin + chance.gauss(0, 20) > 20,
        }


def points() -> Iterator[dict[str, Any]]:
    """Ten numbers; four of them say whether the point is inside, in 19 cases of 20: a tree has to split for it."""
    chance = Random(_SEED)
    while True:
        x = [chance.random() for _ in POINTS]
        is_inside = (x[0] > 0.5 and x[1] < 0.4) or x[2] + x[3] > 1.3
        yield {**dict(zip(POINTS, x, strict=True)), "is_inside": is_inside != (chance.random() < 0.05)}


def signals() -> Iterator[dict[str, Any]]:
    """Ten numbers around one of three centers, one record of 200 anywhere."""
    chance = Random(_SEED)
    centers = [[chance.random() for _ in POINTS] for _ in range(3)]
    while True:
        spread = 1.0 if chance.random() < 0.005 else 0.05
        yield {name: chance.gauss(at, spread) for name, at in zip(POINTS, chance.choice(centers), strict=True)}


def visits() -> Iterator[dict[str, Any]]:
    """Numbers of one account of 100,000, none of which is more frequent than the others."""
    chance = Random(_SEED)
    while True:
        account, seen, spent = chance.randrange(ACCOUNTS), chance.randrange(50), 100 * chance.random()
        yield {
            "account": f"account-{account:05d}",
            "seen": float(seen),
            "spent": spent,
            "minutes": chance.expovariate(0.1),
            "discount": chance.random(),
            "has_bought": seen + spent * (0.5 if account % 2 else -0.5) + chance.gauss(0, 10) > 20,
        }


DRAWN: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
    "page": pages,
    "booking": bookings,
    "point": points,
    "signal": signals,
    "visit": visits,
}


def _one_of(chance: Random, values: int) -> int:
    """A number below `values`, the small ones more often."""
    return int(values * chance.random() ** 2)
