"""Instants as people write them, ISO 8601, and what they are counted from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.errors import Fatal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICKS = {"timestamp-millis": timedelta(milliseconds=1), "timestamp-micros": timedelta(microseconds=1)}
"""What instants are counted in, by their logical type."""


def parse_instant(text: str) -> datetime:
    """The instant that `text` names, in UTC, as it is where it has no zone. Raises Fatal on anything else.

    >>> parse_instant("2013-01-31"), parse_instant("2013-01-31T06:00:00+01:00").isoformat()
    (datetime.datetime(2013, 1, 31, 0, 0, tzinfo=datetime.timezone.utc), '2013-01-31T05:00:00+00:00')
    """
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Fatal(f'instant "{text}": expected a date, with a time or without', hint="2013-01-31T06:00") from None
