"""Which fields a pipeline gives, known before anything runs: names and Avro types in order, or why nobody can know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.errors import Fatal
from schemas.fields import INSTANT, plain_type

NUMBERS = ("int", "long", "float", "double", "boolean")  # what river's arithmetic takes

_AVRO_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Unknown:
    """Fields that only the data decides, and the reason."""

    reason: str


Known = Mapping[Any, Any]
"""Names and their Avro types, in the order of a record."""

Fields = Known | Unknown


def expect(fields: Fields, names: Iterable[Any], who: str) -> None:
    """Raise Fatal where `who` names a field that is not there; what is unknown may be there."""
    if isinstance(fields, Unknown):
        return
    for name in names:
        if name not in fields:
            there = ", ".join(map(str, fields)) or "none"
            raise Fatal(f'{who}: its input has no field "{name}"', hint=f"it has {there}")


def expect_numbers(fields: Fields, names: Iterable[Any], who: str) -> None:
    """Raise Fatal where a field that `who` calculates with is no number."""
    if isinstance(fields, Unknown):
        return
    for name in names:
        if plain_type(fields[name]) not in NUMBERS:
            hint = "select the numbers in front of it, with compose.Select or compose.Discard"
            raise Fatal(f'{who}: field "{name}" is of type {described(fields[name])}, expected a number', hint=hint)


def may_be_null(kind: Any) -> bool:
    """Whether an Avro type admits null.

    >>> may_be_null(["null", "double"]), may_be_null("double")
    (True, False)
    """
    return kind == "null" or (isinstance(kind, list) and "null" in kind)


def nullable(kind: Any) -> Any:
    """The Avro type that admits null, too.

    >>> nullable("double")
    ['null', 'double']
    """
    return kind if may_be_null(kind) else ["null", *(kind if isinstance(kind, list) else [kind])]


def not_null(kind: Any) -> Any:
    """The Avro type without null.

    >>> not_null(["null", "double"])
    'double'
    """
    if not isinstance(kind, list):
        return kind
    rest = [branch for branch in kind if branch != "null"]
    return rest[0] if len(rest) == 1 else rest


def described(kind: Any) -> str:
    """An Avro type in a word, for people; a "?" says that it may be null.

    >>> described(["null", {"type": "long", "logicalType": "timestamp-millis"}])
    'timestamp-millis?'
    """
    plain = not_null(kind)
    word = plain.get("logicalType") if isinstance(plain, dict) else None
    return f"{word or plain_type(plain)}{'?' if may_be_null(kind) else ''}"


def record_schema(name: str, fields: Fields) -> dict[str, Any]:
    """The Avro schema of records with these fields. Raises Fatal where they are unknown, or have no name in Avro.

    >>> record_schema("Scaled", {"delay": "double", "at": "long"})["fields"]
    [{'name': 'delay', 'type': 'double'}, {'name': 'at', 'type': 'long'}]
    """
    if isinstance(fields, Unknown):
        hint = "end the pipeline in models.Declare(...), which gives exactly the fields that it names"
        raise Fatal(f'record "{name}": its fields are unknown before it runs: {fields.reason}', hint=hint)
    for field in fields:
        if not isinstance(field, str) or not _AVRO_NAME.fullmatch(field):
            hint = "rename it with compose.Renamer or compose.Prefixer"
            raise Fatal(f'record "{name}": {field!r} is no name for a field in Avro', hint=hint)
    return {"type": "record", "name": name, "fields": [{"name": n, "type": kind} for n, kind in fields.items()]}


def output_schema(name: str, fields: Fields, event_time: str) -> dict[str, Any]:
    """The Avro schema of what a pipeline gives to a connector: its fields, and the event time of its records.

    That is the records' own, whatever the transformers make of its field. Raises Fatal where only the data decides
    which fields there are.

    >>> output_schema("scaled", {"wind": "double"}, "at")["fields"][0]
    {'name': 'at', 'type': {'type': 'long', 'logicalType': 'timestamp-millis'}}
    """
    if not isinstance(fields, Unknown):
        fields = {event_time: INSTANT, **{field: kind for field, kind in fields.items() if field != event_time}}
    return record_schema(name, fields)
