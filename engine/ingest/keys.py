"""The field whose value is a record's key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.ingest.problem import Refused

_TYPES = ("string", "int", "long", "enum")
KeyOf = Callable[[Mapping[str, Any]], bytes | None]


def key_reader(schema: Mapping[str, Any], field: str | None) -> KeyOf:
    """What gives the key of a record: the text of a field, as the other feeders write it; none without a field.

    Records with null there share the empty key. Raises Refused for a field that cannot be a key.

    >>> schema = {"name": "r", "fields": [{"name": "a", "type": ["null", "long"]}]}
    >>> key_of = key_reader(schema, "a")
    >>> key_of({"a": ("long", 7)}), key_of({"a": 7}), key_of({"a": None})
    (b'7', b'7', b'')
    """
    if not field:
        return lambda record: None
    types = {known["name"]: known["type"] for known in schema["fields"]}
    if field not in types:
        known = ", ".join(types)
        raise Refused("wrong_key", f'key "{field[:80]}": schema "{schema["name"]}" has no such field', hint=known)
    if not _can_be_key(types[field]):
        said = f'key "{field}": is no {", ".join(_TYPES)}, or one of them and null'
        raise Refused("wrong_key", said, hint="choose another field")

    def key_of(record: Mapping[str, Any]) -> bytes:
        value = record[field]
        if type(value) is tuple:  # a union's value beside the name of its type
            value = value[1]
        return b"" if value is None else str(value).encode()

    return key_of


def _can_be_key(type_: Any) -> bool:
    branches = [branch for branch in type_ if branch != "null"] if isinstance(type_, list) else [type_]
    return len(branches) == 1 and _name(branches[0]) in _TYPES


def _name(type_: Any) -> str:
    if not isinstance(type_, dict):
        return str(type_)
    return "" if type_.get("logicalType") not in (None, "uuid") else str(type_["type"])
