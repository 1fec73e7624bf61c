"""Event times as tests write them: a time of one day, or an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from schemas.errors import Fatal
from schemas.instants import parse_instant

DAY = date(2024, 1, 1)  # what a time without a day is on


def at(text: str | datetime) -> datetime:
    """The instant that `text` names: a time of 2024-01-01, or a date and a time; in UTC where it names no other zone.

    >>> at("08:00:30").isoformat()
    '2024-01-01T08:00:30+00:00'
    >>> at("2013-06-01 08:00") - at("2013-05-31 08:00")
    datetime.timedelta(days=1)
    """
    if isinstance(text, datetime):
        return text if text.tzinfo else text.replace(tzinfo=UTC)
    try:
        return datetime.combine(DAY, time.fromisoformat(text), UTC)
    except ValueError:
        pass
    try:
        return parse_instant(text)
    except Fatal:
        hint = 'write "08:00", "08:00:30.250" or "2013-06-01 08:00"'
        raise Fatal(f"event time {text!r}: expected a time, or a date and a time", hint=hint) from None


def to_ms(instant: datetime) -> int:
    """An instant in ms since the epoch."""
    return round(instant.timestamp() * 1000)
