"""Instants between JSON, where they are RFC 3339, and the rest, where they are ms since the epoch."""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.instants import EPOCH

_MILLISECOND = timedelta(milliseconds=1)


def to_text(instant_ms: int) -> str | None:
    """An instant in RFC 3339; None where the calendar has no such year.

    >>> to_text(1_357_000_000_123), to_text(-(1 << 63))
    ('2013-01-01T00:26:40.123Z', None)
    """
    try:
        instant = EPOCH + timedelta(milliseconds=instant_ms)
    except OverflowError:
        return None
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> int:
    """The instant that `text` names. Raises ValueError where it names none, or gives no offset from UTC.

    >>> from_text("2013-01-01T00:26:40.123Z"), from_text("2013-01-01T01:26:40+01:00")
    (1357000000123, 1357000000000)
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("it has no offset from UTC")
    return (instant - EPOCH) // _MILLISECOND
