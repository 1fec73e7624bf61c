"""Instants as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from schemas.durations import parse_duration
from schemas.errors import Fatal


def instant(text: str | None, option: str, now: datetime) -> datetime | None:
    """The instant that `text` means: so long ago, or in ISO 8601, in UTC unless it says otherwise. Raises BadParameter.

    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> instant("1h", "--since", now).isoformat(), instant("2026-01-01T12:00", "--since", now).isoformat()
    ('2026-01-01T23:00:00+00:00', '2026-01-01T12:00:00+00:00')
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now - parse_duration(text)
        except (Fatal, OverflowError):
            said = f'"{text}" is neither so long ago, as 90m or 2d, nor an instant, as 2026-01-31T12:00'
            raise typer.BadParameter(said, param_hint=option) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
