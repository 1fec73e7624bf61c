"""What a reader's schema asks of a writer's, as far as fastavro does not look after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastavro.read import LOGICAL_READERS

from schemas.errors import BadRecord
from schemas.matching import kind_of

_INSTANTS = frozenset({"timestamp-millis", "timestamp-micros"})
_SHAPE = ("type", "name", "fields", "items", "values", "symbols", "size", "logicalType", "precision", "scale")


def shape(schema: Any) -> Any:
    """The schema without what a reader of equal shape need not know: docs, defaults, aliases, orders.

    >>> shape({"type": "string", "doc": "a name"}) == shape({"type": "string"})
    True
    """
    if isinstance(schema, list):
        return [shape(part) for part in schema]
    if isinstance(schema, dict):
        return {word: shape(part) for word, part in schema.items() if word in _SHAPE}
    return schema


def check_logical_types(writer: dict[str, Any], reader: dict[str, Any]) -> None:
    """Raise BadRecord (`wrong_type`) where a field means something else to the writer: fastavro believes the writer.

    >>> instant = {"type": "long", "logicalType": "timestamp-millis"}
    >>> record = lambda type_: {"type": "record", "name": "r", "fields": [{"name": "at", "type": type_}]}
    >>> check_logical_types(record("long"), record(instant))
    Traceback (most recent call last):
    schemas.errors.BadRecord: field "at": expected timestamp-millis, written as a plain value
    """
    written = {field["name"]: field["type"] for field in writer["fields"]}
    for field in reader["fields"]:
        for name in (field["name"], *field.get("aliases", ())):
            if name in written:
                _check_field(field["name"], written[name], field["type"])
                break


def check_kinds(writer: Any, reader: Any) -> None:
    """Raise BadRecord (`wrong_type`) where a name stands for types of two kinds: fastavro compares names only.

    >>> check_kinds({"type": "fixed", "name": "a", "size": 1}, {"type": "enum", "name": "a", "symbols": ["x"]})
    Traceback (most recent call last):
    schemas.errors.BadRecord: type "a": expected enum, written as fixed
    """
    written = dict(_kinds(writer))
    for name, kind in _kinds(reader):
        if written.get(name, kind) != kind:
            raise BadRecord("wrong_type", f'type "{name}": expected {kind}, written as {written[name]}')


def _kinds(schema: Any) -> Iterator[tuple[str, str]]:
    """The named types inside `schema` by name and alias, each without its namespace."""
    if isinstance(schema, list):
        for branch in schema:
            yield from _kinds(branch)
    elif isinstance(schema, dict):
        if schema["type"] in ("record", "enum", "fixed"):
            for name in (schema["name"], *schema.get("aliases", ())):
                yield name.rpartition(".")[2], schema["type"]
        for part in (schema["type"], schema.get("items"), schema.get("values")):
            yield from _kinds(part)
        for field in schema.get("fields", ()):
            yield from _kinds(field["type"])


def _check_field(name: str, writer: Any, reader: Any) -> None:
    found, expected = _meanings(writer), _meanings(reader)
    if found != expected and not (found and expected and (found | expected) <= _INSTANTS):
        raise BadRecord("wrong_type", f'field "{name}": expected {_named(expected)}, written as {_named(found)}')
    if _is_record(writer) and _is_record(reader):
        check_logical_types(writer, reader)


def _meanings(type_: Any) -> frozenset[str]:
    branches = type_ if isinstance(type_, list) else [type_]
    return frozenset(b["logicalType"] for b in branches if isinstance(b, dict) and "logicalType" in b)


def _named(meanings: frozenset[str]) -> str:
    return " or ".join(sorted(meanings)) or "a plain value"


def _is_record(type_: Any) -> bool:
    return isinstance(type_, dict) and type_["type"] == "record"


def set_defaults(schema: Any) -> None:
    """Turn the defaults of a parsed schema from JSON into the values that decoding gives, in place.

    >>> schema = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "bytes", "default": "x"}]}
    >>> set_defaults(schema)
    >>> schema["fields"][0]["default"]
    b'x'
    """
    if isinstance(schema, list):
        for branch in schema:
            set_defaults(branch)
    elif isinstance(schema, dict):
        for part in ("items", "values"):
            set_defaults(schema.get(part))
        for field in schema.get("fields", ()):
            set_defaults(field["type"])
            if "default" in field:
                field["default"] = _default(field["type"], field["default"])


def _default(type_: Any, default: Any) -> Any:
    if isinstance(type_, list):
        fitting = (branch for branch in type_ if (branch == "null") is (default is None))
        return _default(next(fitting, type_[0]), default)
    kind = kind_of(type_)
    if kind == "record":
        return {
            f["name"]: _default(f["type"], default[f["name"]]) if f["name"] in default else f["default"]
            for f in type_["fields"]
        }
    if kind in ("bytes", "fixed") and isinstance(default, str):
        default = default.encode("latin-1")
    elif kind in ("float", "double") and isinstance(default, int):
        default = float(default)
    read = LOGICAL_READERS.get(f"{kind}-{type_.get('logicalType')}") if isinstance(type_, dict) else None
    return default if read is None or default is None else read(default, type_, None)
