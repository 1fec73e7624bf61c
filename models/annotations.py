"""What a Python function says about the fields that it gives, by its annotations."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from datetime import datetime
from typing import Any

from models.fields import Fields, Unknown, nullable

_TYPES: dict[Any, Any] = {
    bool: "boolean",
    int: "long",
    float: "double",
    str: "string",
    bytes: "bytes",
    datetime: {"type": "long", "logicalType": "timestamp-millis"},
    type(None): "null",
}


def returned_fields(function: Callable[..., Any]) -> Fields:
    """The fields of the TypedDict that a function says it returns, Unknown where it does not say so.

    >>> class Situation(typing.TypedDict):
    ...     hour: int
    ...     delay: float | None
    >>> def situation(flight: dict) -> Situation: ...
    >>> returned_fields(situation)
    {'hour': 'long', 'delay': ['null', 'double']}
    """
    name = getattr(function, "__name__", type(function).__name__)
    said = _returned(function)
    if not typing.is_typeddict(said):
        return Unknown(f'function "{name}" does not say which fields it returns: annotate it with a TypedDict')
    missing = _optional(said)
    if missing:
        return Unknown(f'function "{name}" may leave out {", ".join(missing)}')
    fields = {field: avro_type(kind) for field, kind in typing.get_type_hints(said).items()}
    for field, kind in fields.items():
        if kind is None:
            return Unknown(f'function "{name}": the type of "{field}" is none that Avro has')
    return fields


def returned_type(function: Callable[..., Any]) -> Any:
    """The Avro type of what a function says it returns, None where it does not say so, or Avro has none.

    >>> def weekday(flight: dict) -> int: ...
    >>> returned_type(weekday)
    'long'
    """
    return avro_type(_returned(function))


def avro_type(annotation: Any) -> Any:
    """The Avro type of a Python annotation, None where there is none."""
    if annotation in _TYPES:
        return _TYPES[annotation]
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        branches = [avro_type(branch) for branch in typing.get_args(annotation) if branch is not type(None)]
        if len(branches) == 1 and branches[0] is not None:
            return nullable(branches[0])
    return None


def _optional(said: Any) -> list[str]:
    """The keys that may be missing; those of annotations that are text are not in `__optional_keys__`."""
    marked = typing.get_type_hints(said, include_extras=True).items()
    written = {key for key, kind in marked if typing.get_origin(kind) is typing.NotRequired}
    required = {key for key, kind in marked if typing.get_origin(kind) is typing.Required}
    return sorted((said.__optional_keys__ | written) - required)


def _returned(function: Callable[..., Any]) -> Any:
    try:
        return typing.get_type_hints(function).get("return", typing.Any)
    except (TypeError, NameError):  # no function, or names that are not there when it is asked
        return typing.Any
