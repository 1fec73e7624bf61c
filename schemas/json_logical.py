"""Avro's logical types in plain JSON: instants, dates and times as ISO 8601 text, decimals and UUIDs as text.

Each also takes the number that Avro itself stores, but for decimals, whose numbers are what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from schemas.json_values import Read, wrong

_EPOCH = datetime(1970, 1, 1)
_DAY = timedelta(days=1)
_MILLI, _MICRO = timedelta(milliseconds=1), timedelta(microseconds=1)
_EXACT_DIGITS = 15  # what a double keeps of any number written in decimal


def logical(type_: Mapping[str, Any]) -> Read | None:
    """How values of a logical type are read; None where it is none that changes how its type is written.

    >>> read = logical({"type": "long", "logicalType": "timestamp-millis"})
    >>> read("2013-01-01T01:26:40.123+01:00"), read(1357000000123)
    (1357000000123, 1357000000123)
    """
    make = _MAKERS.get((type_["logicalType"], type_["type"]))
    return make(type_) if make else None


def _number_or_text(span: tuple[int, int], parse: Callable[[str], int], expected: str) -> Read:
    """A number within a span, both ends included, as it is or as the text that `parse` takes."""
    least, greatest = span

    def read(value: Any) -> int:
        try:
            number = parse(value) if type(value) is str else value
        except ValueError as error:
            raise wrong(value, f"{expected}: {error}") from None
        if type(number) is int and least <= number <= greatest:
            return number
        raise wrong(value, expected)

    return read


def _timestamp(tick: timedelta, *, local: bool) -> Read:
    span = (datetime.min - _EPOCH) // tick, (datetime.max - _EPOCH) // tick  # what a reader in Python can hold

    def parse(text: str) -> int:
        instant = datetime.fromisoformat(text)
        if local != (instant.tzinfo is None):
            raise ValueError("it has an offset from UTC" if local else "it has no offset from UTC")
        return (instant - _EPOCH.replace(tzinfo=None if local else UTC)) // tick

    example = "2013-01-01T12:00:00" + ("" if local else "Z")
    return _number_or_text(span, parse, f'an instant like "{example}"')


def _date(text: str) -> int:
    return (date.fromisoformat(text) - _EPOCH.date()) // _DAY


def _time(tick: timedelta) -> Read:
    def parse(text: str) -> int:
        at = time.fromisoformat(text)
        if at.tzinfo is not None:
            raise ValueError("it has an offset from UTC")
        return (datetime.combine(_EPOCH, at) - _EPOCH) // tick

    return _number_or_text((0, _DAY // tick - 1), parse, 'a time like "12:00:00"')


def _decimal(type_: Mapping[str, Any]) -> Read:
    precision, scale = type_["precision"], type_.get("scale", 0)
    expected = f"a decimal of {precision} digits, {scale} of them after the point"

    def read(value: Any) -> Decimal:
        sign, digits, exponent = _digits(value, expected)
        surplus = -scale - exponent
        if surplus > 0:  # digits after the last that is kept: they have to be zeros
            if any(digits[-surplus:]):
                raise wrong(value, expected)
            digits, exponent = digits[:-surplus], -scale
        if len(digits) + exponent + scale > precision:
            raise wrong(value, expected)
        return Decimal((sign, digits, exponent))

    return read


def _digits(value: Any, expected: str) -> tuple[int, tuple[int, ...], int]:
    """Sign, digits and exponent of a number or its text, without leading zeros."""
    if type(value) not in (str, int, float):
        raise wrong(value, expected)
    try:
        sign, digits, exponent = Decimal(str(value)).as_tuple()
    except InvalidOperation:
        raise wrong(value, expected) from None
    if not isinstance(exponent, int):  # NaN and infinities have a letter
        raise wrong(value, expected)
    if type(value) is float and len(digits) > _EXACT_DIGITS:
        raise wrong(value, expected, hint="write it as text: JSON numbers lose digits on the way")
    return sign, digits, exponent


def _uuid(value: Any) -> str:
    try:
        return str(UUID(value if type(value) is str else ""))
    except ValueError:
        raise wrong(value, 'a UUID like "123e4567-e89b-12d3-a456-426614174000"') from None


_DAYS = (date.min - _EPOCH.date()) // _DAY, (date.max - _EPOCH.date()) // _DAY
_MAKERS: Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Read]] = {
    ("timestamp-millis", "long"): lambda _: _timestamp(_MILLI, local=False),
    ("timestamp-micros", "long"): lambda _: _timestamp(_MICRO, local=False),
    ("local-timestamp-millis", "long"): lambda _: _timestamp(_MILLI, local=True),
    ("local-timestamp-micros", "long"): lambda _: _timestamp(_MICRO, local=True),
    ("date", "int"): lambda _: _number_or_text(_DAYS, _date, 'a date like "2013-01-01"'),
    ("time-millis", "int"): lambda _: _time(_MILLI),
    ("time-micros", "long"): lambda _: _time(_MICRO),
    ("decimal", "bytes"): _decimal,
    ("decimal", "fixed"): _decimal,
    ("uuid", "string"): lambda _: _uuid,
}
