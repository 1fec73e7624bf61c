"""Values of one type as those of another."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

from river import base

from models.fields import Fields, Unknown, described, expect, may_be_null, nullable
from schemas.errors import BadRecord, Fatal

_TRUTHS = {"true": True, "false": False}
_CASTABLE = frozenset({"boolean", "int", "long", "float", "double", "string", "enum"})


class Cast(base.Transformer):  # type: ignore[misc]
    """Makes fields of other types: "boolean", "int", "long", "double" or "string".

    Null stays null. A number loses what is behind its point; text is read as a number, "true" or "false". A record with
    a value that cannot be read so is a BadRecord (cast_failed).

    >>> cast = Cast(distance="int", cancelled="string")
    >>> cast.transform_one({"distance": "200", "cancelled": False, "origin": "JFK"})
    {'distance': 200, 'cancelled': 'false', 'origin': 'JFK'}
    >>> cast.transform_one({"distance": "far", "cancelled": None})
    Traceback (most recent call last):
    ...
    schemas.errors.BadRecord: field "distance": 'far' is no int
    """

    accepts_null = True

    def __init__(self, **kinds: str) -> None:
        self.kinds = kinds
        for name, kind in kinds.items():
            if kind not in _CASTS:
                raise Fatal(f'Cast: "{kind}", for field "{name}", is no type', hint=f"there are {', '.join(_CASTS)}")

    def transform_one(self, x: dict[Any, Any]) -> dict[Any, Any]:
        cast = dict(x)
        for name, kind in self.kinds.items():
            value = x.get(name)
            if value is None:
                continue
            try:
                cast[name] = _CASTS[kind](value)
            except (TypeError, ValueError, KeyError, OverflowError) as error:
                raise BadRecord("cast_failed", f'field "{name}": {value!r} is no {kind}') from error
        return cast

    def output_fields(self, fields: Fields) -> Fields:
        expect(fields, self.kinds, "Cast")
        if isinstance(fields, Unknown):
            return fields
        cast = dict(fields)
        for name, kind in self.kinds.items():
            given = described(fields[name])
            if given.rstrip("?") not in _CASTABLE:
                raise Fatal(f'Cast: field "{name}" is of type {given}, which is not cast', hint="use Derive")
            cast[name] = nullable(kind) if may_be_null(fields[name]) else kind
        return cast


def _whole(bits: int) -> Callable[[Any], int]:
    def cast(value: Any) -> int:
        whole = int(value)
        if not -(1 << bits - 1) <= whole < 1 << bits - 1:
            raise OverflowError
        return whole

    return cast


def _double(value: Any) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError
    return number


def _boolean(value: Any) -> bool:
    return _TRUTHS[value.strip().lower()] if isinstance(value, str) else bool(value)


def _string(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_CASTS: dict[str, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "int": _whole(32),
    "long": _whole(64),
    "double": _double,
    "string": _string,
}
