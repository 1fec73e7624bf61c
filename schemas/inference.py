"""An Avro schema for records that have none: what their values look like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from schemas.errors import Fatal

_INSTANT = {"type": "long", "logicalType": "timestamp-micros"}
_DATE = {"type": "int", "logicalType": "date"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")
_REAL = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*")

# the narrower first: a bool is an int, and an instant a date
_KINDS: tuple[tuple[type, Any], ...] = (
    (bool, "boolean"),
    (int, "long"),
    (float, "double"),
    (Decimal, "double"),
    (datetime, _INSTANT),
    (date, _DATE),
    (bytes, "bytes"),
)


def infer_schema(name: str, records: Iterable[Mapping[str, Any]], *, text: bool = False) -> dict[str, Any]:
    """The schema of records by their values; every field may be null, as the next record may leave it out.

    `text` says that every value is text that may stand for something else, as in CSV. Numbers become long or double,
    instants timestamp-micros, and what is more than one thing a string. Raises Fatal where there is nothing to go by.

    >>> schema = infer_schema("plane", [{"seats": "55", "speed": "NA"}, {"seats": "182.5"}], text=True)
    >>> [(field["name"], field["type"][1]) for field in schema["fields"]]
    [('seats', 'double'), ('speed', 'string')]
    """
    kinds: dict[str, list[Any]] = {}
    for record in records:
        for field, value in record.items():
            kinds.setdefault(field, []).append(_kind(value, f"{name}_{field}", text=text))
    if not kinds:
        raise Fatal(f'schema "{name}": there is no record to infer it from', hint="declare one: schema=...")
    for field in kinds:
        if not _NAME.fullmatch(field):
            raise Fatal(f'schema "{name}": field "{field}": not a name in Avro', hint="rename it, or declare a schema")
    fields = [{"name": field, "type": _nullable(_widest(found)), "default": None} for field, found in kinds.items()]
    return {"type": "record", "name": name, "fields": fields}


def _nullable(kind: Any) -> Any:
    return ["null", "string" if kind is None else kind]


def _kind(value: Any, name: str, *, text: bool) -> Any:
    if isinstance(value, str):
        return _kind_of_text(value) if text else _INSTANT if _is_instant(value) else "string"
    if isinstance(value, list | tuple):
        item = _widest([_kind(item, f"{name}_item", text=False) for item in value])
        return {"type": "array", "items": _nullable(item)}
    if isinstance(value, dict):
        return infer_schema(name, [value], text=False) if value else {"type": "map", "values": "string"}
    return None if value is None else next((kind for type_, kind in _KINDS if isinstance(value, type_)), "string")


def _kind_of_text(value: str) -> Any:
    if _WHOLE.fullmatch(value):
        return "long"
    if _REAL.fullmatch(value):
        return "double"
    if value.lower() in ("true", "false"):
        return "boolean"
    return _INSTANT if _is_instant(value) else "string"


def _is_instant(value: str) -> bool:
    if not _ISO.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _widest(kinds: list[Any]) -> Any:
    """The one kind that holds all of `kinds`, None where there is none."""
    widest: Any = None
    for kind in kinds:
        if kind is None or kind == widest:
            continue
        widest = kind if widest is None else _wider(widest, kind)
    return widest


def _wider(one: Any, other: Any) -> Any:
    if {"long", "double"} == {one if isinstance(one, str) else "", other if isinstance(other, str) else ""}:
        return "double"
    if isinstance(one, dict) and isinstance(other, dict) and one["type"] == other["type"] == "record":
        return _merged(one, other)
    if isinstance(one, dict) and isinstance(other, dict) and one["type"] == other["type"] == "array":
        return {"type": "array", "items": _nullable(_widest([one["items"][1], other["items"][1]]))}
    return "string"


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    types: dict[str, list[Any]] = {}
    for field in (*one["fields"], *other["fields"]):
        types.setdefault(field["name"], []).append(field["type"][1])
    fields = [{"name": name, "type": _nullable(_widest(kinds)), "default": None} for name, kinds in types.items()]
    return {**one, "fields": fields}
