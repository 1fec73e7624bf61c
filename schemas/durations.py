"""Durations as authors write them: a whole number and a unit."""

from __future__ import annotations

import re
from datetime import timedelta

from schemas.errors import Fatal

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_DURATION = re.compile(r"([0-9]+)(ms|s|m|h|d)")


def parse_duration(text: str) -> timedelta:
    """The duration that `text` names. Units: ms, s, m, h, d. Raises Fatal on anything else.

    >>> parse_duration("10m")
    datetime.timedelta(seconds=600)
    >>> parse_duration("250ms").total_seconds()
    0.25
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Fatal(f"duration {text!r}: expected a whole number and a unit", hint='write "250ms", "10m", "3h" or "2d"')
    number, unit = match.groups()
    try:
        return int(number) * _UNITS[unit]
    except (OverflowError, ValueError):
        raise Fatal(f"duration {text!r}: too long") from None
