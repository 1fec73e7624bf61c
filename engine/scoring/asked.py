"""A request for predictions, read from JSON: what is asked, before any model is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from engine.scoring.instants import from_text
from engine.scoring.problem import Unanswerable

MAX_INSTANCES = 1_000


@dataclass(frozen=True, slots=True)
class Instance:
    """One thing to predict: raw features, entity keys whose features are read, and when (ms since the epoch)."""

    features: dict[str, Any]
    entities: dict[str, str | int]
    at: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The instances of a request; `batch` says that it was a list, and so is the answer."""

    instances: list[Instance]
    batch: bool


def read_request(body: bytes, now_ms: Callable[[], int]) -> Asked:
    """What the JSON in `body` asks for. Raises Unanswerable, naming the field at fault.

    >>> read_request(b'{"features": {"x": 1}}', lambda: 0)
    Asked(instances=[Instance(features={'x': 1}, entities={}, at=0)], batch=False)
    """
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unanswerable("bad_request", "body", f"not JSON: {error}") from error
    if type(asked) is not dict:
        raise _wrong("body", "an object", asked)
    if "instances" not in asked:
        return Asked([_instance(asked, now_ms)], batch=False)
    listed = asked["instances"]
    if type(listed) is not list:
        raise _wrong("instances", "a list", listed)
    if len(listed) > MAX_INSTANCES:
        raise Unanswerable("too_large", "instances", f"{len(listed)} instances, expected at most {MAX_INSTANCES}")
    return Asked([_listed(i, entry, now_ms) for i, entry in enumerate(listed)], batch=True)


def _listed(position: int, entry: Any, now_ms: Callable[[], int]) -> Instance:
    try:
        if type(entry) is not dict:
            raise _wrong("instance", "an object", entry)
        return _instance(entry, now_ms)
    except Unanswerable as problem:
        raise problem.within(f"instances[{position}]") from None


def _instance(entry: dict[str, Any], now_ms: Callable[[], int]) -> Instance:
    features = entry.get("features")
    entities = entry.get("entities")
    if features is None and entities is None:
        hint = 'send {"features": {...}}, {"entities": {...}} or both'
        raise Unanswerable("bad_request", "features", "neither features nor entities are given", hint=hint)
    if features is None:
        features = {}
    elif type(features) is not dict:
        raise _wrong("features", "an object", features)
    at = entry.get("at")
    return Instance(features, _entities(entities) if entities else {}, now_ms() if at is None else _instant(at))


def _entities(entities: Any) -> dict[str, str | int]:
    if type(entities) is not dict:
        raise _wrong("entities", "an object", entities)
    for entity, value in entities.items():
        if type(value) is not str and type(value) is not int:
            raise _wrong(f"entities.{entity}", "a string or an integer", value)
    return entities


def _instant(at: Any) -> int:
    if type(at) is not str:
        raise _wrong("at", "a string", at)
    try:
        return from_text(at)
    except ValueError as error:
        hint = 'write it as "2013-01-01T12:00:00Z"'
        raise Unanswerable("wrong_type", "at", f'"{at[:40]}" is no RFC 3339 instant: {error}', hint=hint) from error


def _wrong(field: str, expected: str, found: Any) -> Unanswerable:
    return Unanswerable("wrong_type", field, f"is {json_type(found)}, expected {expected}")


def json_type(value: Any) -> str:
    """What JSON calls the type of a value.

    >>> json_type(True), json_type(None), json_type([1])
    ('a boolean', 'null', 'a list')
    """
    return _JSON_TYPES.get(type(value), type(value).__name__)


_JSON_TYPES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}
