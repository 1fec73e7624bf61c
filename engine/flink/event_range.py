"""A range of event times, to which a run can be bounded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.errors import Fatal
from schemas.instants import EPOCH, parse_instant


@dataclass(frozen=True)
class EventRange:
    """Event times from `first` on and before `last`; None is no limit. Raises Fatal for a range that holds nothing.

    >>> print(EventRange.parse("2013-01-01", "2013-02-01T06:00:00+01:00"))
    2013-01-01T00:00:00+00:00 to 2013-02-01T05:00:00+00:00
    >>> bool(EventRange()), str(EventRange())
    (False, '')
    """

    first: datetime | None = None
    last: datetime | None = None

    def __post_init__(self) -> None:
        if self.first and self.last and self.first >= self.last:
            raise Fatal(f"range of event times: {self.first} is not before {self.last}", hint="the end is left out")

    @classmethod
    def parse(cls, first: str | None, last: str | None) -> EventRange:
        """The range between two instants in ISO 8601; those without a time zone are in UTC."""
        return cls(*(None if text is None else parse_instant(text) for text in (first, last)))

    def __bool__(self) -> bool:
        return bool(self.first or self.last)

    def __str__(self) -> str:
        if not self:
            return ""
        first, last = (instant.isoformat() if instant else "any" for instant in (self.first, self.last))
        return f"{first} to {last}"

    @property
    def first_ms(self) -> int:
        """The first event time in ms since the epoch."""
        return _ms(self.first) if self.first else -(1 << 63)

    @property
    def last_ms(self) -> int:
        """The one after the last in ms since the epoch."""
        return _ms(self.last) if self.last else (1 << 63) - 1


ALL = EventRange()


def _ms(instant: datetime) -> int:
    since = instant - EPOCH
    return -(-since // timedelta(milliseconds=1))  # a part of a millisecond counts as a whole one
