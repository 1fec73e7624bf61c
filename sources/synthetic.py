"""Made-up values of any Avro schema."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from schemas.avro import parse

Make = Callable[[Random, float], Any]
"""Takes the source of chance and by how many standard deviations values have drifted, gives a value."""

WORDS = 20
LONGEST = 3
NULL_SHARE = 0.1
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)


def maker(schema: Any) -> Make:
    """What makes values of a schema: numbers around 0, with a standard deviation of 1, or 100 where they are whole;
    strings out of twenty words; a tenth of what may be null is.

    >>> make = maker({"type": "record", "name": "r", "fields": [{"name": "x", "type": "double"}]})
    >>> make(Random(7), 0.0) == make(Random(7), 0.0) != make(Random(8), 0.0)
    True
    """
    return _of(parse(schema), "word", {})


def _of(type_: Any, name: str, names: dict[str, Make]) -> Make:
    if isinstance(type_, list):
        return _union([_of(branch, name, names) for branch in type_], [branch == "null" for branch in type_])
    if isinstance(type_, str):
        return names.get(type_) or (_text(name) if type_ == "string" else _PLAIN[type_])
    if make := _LOGICAL.get(type_.get("logicalType")):
        return make
    match type_["type"]:
        case "record":
            made = names[type_["name"]] = _record(type_["fields"], names)
        case "enum":
            symbols = type_["symbols"]
            made = names[type_["name"]] = lambda chance, drift: chance.choice(symbols)
        case "fixed":
            size = type_["size"]
            made = names[type_["name"]] = lambda chance, drift: chance.randbytes(size)
        case "array":
            item = _of(type_["items"], name, names)
            made = lambda chance, drift: [item(chance, drift) for _ in range(chance.randint(0, LONGEST))]  # noqa: E731
        case "map":
            made = _map(_of(type_["values"], name, names))
        case inner:
            made = _of(inner, name, names)
    return made


def _record(fields: list[dict[str, Any]], names: dict[str, Make]) -> Make:
    makes = [(field["name"], _of(field["type"], field["name"], names)) for field in fields]
    return lambda chance, drift: {name: make(chance, drift) for name, make in makes}


def _union(makes: list[Make], are_null: list[bool]) -> Make:
    valued = [make for make, is_null in zip(makes, are_null, strict=True) if not is_null] or makes
    null_share = NULL_SHARE if any(are_null) else 0.0
    return lambda chance, drift: None if chance.random() < null_share else chance.choice(valued)(chance, drift)


def _map(value: Make) -> Make:
    def make(chance: Random, drift: float) -> dict[str, Any]:
        return {f"key_{number}": value(chance, drift) for number in range(chance.randint(0, LONGEST))}

    return make


def _text(name: str) -> Make:
    return lambda chance, drift: f"{name}_{chance.randrange(WORDS)}"


def _whole(chance: Random, drift: float) -> int:
    return round(100 * chance.gauss(drift))


def _instant(chance: Random, drift: float) -> datetime:
    return _EPOCH + timedelta(milliseconds=chance.randrange(86_400_000))


_PLAIN: dict[str, Make] = {
    "null": lambda chance, drift: None,
    # drift moves the share of true from a half towards one
    "boolean": lambda chance, drift: chance.gauss(drift) > 0,
    "int": _whole,
    "long": _whole,
    "float": lambda chance, drift: chance.gauss(drift),
    "double": lambda chance, drift: chance.gauss(drift),
    "bytes": lambda chance, drift: chance.randbytes(chance.randint(0, 16)),
}
_LOGICAL: dict[str | None, Make] = {
    "timestamp-millis": _instant,
    "timestamp-micros": _instant,
    "date": lambda chance, drift: date(2025, 1, 1) + timedelta(days=chance.randrange(365)),
    "time-millis": lambda chance, drift: time(chance.randrange(24), chance.randrange(60)),
    "time-micros": lambda chance, drift: time(chance.randrange(24), chance.randrange(60)),
    "decimal": lambda chance, drift: Decimal(_whole(chance, drift)),
    "uuid": lambda chance, drift: f"{chance.getrandbits(128):032x}",
}
