"""Plain JSON values as Avro's simple types, strictly: a value of another kind or out of range is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from schemas.errors import BadRecord

Read = Callable[[Any], Any]
"""Takes a value as orjson gives it, gives one that fastavro writes. Raises Unfit."""

_SHOWN_CHARACTERS = 40
_LARGEST = {"float": (2 - 2**-23) * 2.0**127, "double": sys.float_info.max}


class Unfit(BadRecord):
    """A JSON value that does not fit its type; `field` names it from the record on, and is empty for the record itself.

    >>> Unfit("is null").within("[2]").within("legs").within("route").field
    'route.legs[2]'
    """

    def __init__(self, message: str, field: str = "", *, hint: str = "") -> None:
        super().__init__("wrong_type", message, hint=hint)
        self.field = field

    def within(self, place: str) -> Unfit:
        """The same, seen from what holds the value at `place`."""
        dot = "." if self.field and not self.field.startswith("[") else ""
        return Unfit(self.message, f"{place}{dot}{self.field}", hint=self.hint)


def wrong(value: Any, expected: str, *, hint: str = "") -> Unfit:
    """The refusal of a value, which it shows shortened.

    >>> print(wrong("x" * 100, "a boolean"))
    is "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…", expected a boolean
    """
    return Unfit(f"is {_shown(value)}, expected {expected}", hint=hint)


def null(value: Any) -> None:
    if value is not None:
        raise wrong(value, "null")


def boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise wrong(value, "true or false")
    return value


def string(value: Any) -> str:
    if type(value) is not str:
        raise wrong(value, "a string")
    return value


def whole(bits: int) -> Read:
    """A whole number of that many bits, written without fraction or exponent.

    >>> whole(32)(7), whole(64)(-1 << 63)
    (7, -9223372036854775808)
    >>> whole(32)(1 << 31)
    Traceback (most recent call last):
    schemas.json_values.Unfit: is 2147483648, expected a whole number of 32 bits
    """
    least, greatest, expected = -(1 << bits - 1), (1 << bits - 1) - 1, f"a whole number of {bits} bits"

    def read(value: Any) -> int:
        if type(value) is int and least <= value <= greatest:
            return value
        raise wrong(value, expected)

    return read


def real(kind: str) -> Read:
    """A finite number that a `float` or a `double` can hold; a `float` keeps about seven of its digits."""
    largest = _LARGEST[kind]

    def read(value: Any) -> float:
        if type(value) in (float, int) and -largest <= value <= largest:
            return float(value)
        raise wrong(value, f"a finite number that fits a {kind}")

    return read


def octets(size: int | None) -> Read:
    """Bytes as Avro's own JSON has them: a character from U+0000 to U+00FF each; `size` of them unless it is None.

    >>> octets(2)("ÿ0")
    b'\\xff0'
    """
    expected = "a string of bytes" if size is None else f"a string of {size} bytes"

    def read(value: Any) -> bytes:
        try:
            data = string(value).encode("latin-1")
        except (Unfit, UnicodeEncodeError):
            raise wrong(value, expected, hint="write each byte as a character from U+0000 to U+00FF") from None
        if size not in (None, len(data)):
            raise wrong(value, expected)
        return data

    return read


def symbol(symbols: Sequence[str]) -> Read:
    """One of the symbols of an enum."""
    known = frozenset(symbols)

    def read(value: Any) -> str:
        if type(value) is not str or value not in known:
            raise wrong(value, f"one of {', '.join(symbols)}")
        return value

    return read


def _shown(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value[:_SHOWN_CHARACTERS]}{"…" * (len(value) > _SHOWN_CHARACTERS)}"'
        case list():
            return "a list"
        case dict():
            return "an object"
    return str(value)
