"""New fields out of those that a record has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from river import base

from models.annotations import returned_type
from models.expression import Expression
from models.fields import Fields, Unknown


class Derive(base.Transformer):  # type: ignore[misc]
    """Adds fields, or replaces them: each an expression over the record (see `Expression`), or a function of it.

    All of them see the record as it came. An expression is null where a field that it names is, and where it divides
    by zero. The type of a function's field is what it says it returns: `def weekday(flight: dict) -> int`.

    >>> derive = Derive(speed="distance / air_time", far="distance > 1000")
    >>> derive.transform_one({"distance": 1200.0, "air_time": 2.0})
    {'distance': 1200.0, 'air_time': 2.0, 'speed': 600.0, 'far': True}
    >>> derive.transform_one({"distance": 1200.0, "air_time": 0.0})["speed"] is None
    True
    """

    accepts_null = True

    def __init__(self, **expressions: str | Callable[[dict[Any, Any]], Any]) -> None:
        self.expressions = expressions
        self._derived = {
            name: Expression(given) if isinstance(given, str) else given for name, given in expressions.items()
        }

    def transform_one(self, x: dict[Any, Any]) -> dict[Any, Any]:
        derived = dict(x)
        for name, derive in self._derived.items():
            derived[name] = derive(x)
        return derived

    def output_fields(self, fields: Fields) -> Fields:
        if isinstance(fields, Unknown):
            return fields
        derived = dict(fields)
        for name, derive in self._derived.items():
            kind = derive.type_in(fields) if isinstance(derive, Expression) else returned_type(derive)
            if kind is None:
                return Unknown(f'the function of "{name}" does not say which type it returns: annotate it')
            derived[name] = kind
        return derived
