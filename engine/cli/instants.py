"""Instants as people write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import typer

from schemas.durations import parse_duration
from schemas.errors import Fatal
from schemas.instants import parse_instant


def instant(text: str | None, option: str, now: datetime) -> datetime | None:
    """The instant that `text` means: so long ago, or in ISO 8601, in UTC unless it says otherwise. Raises BadParameter.

    >>> now = parse_instant("2026-01-02")
    >>> instant("1h", "--since", now).isoformat(), instant("2026-01-01T12:00", "--since", now).isoformat()
    ('2026-01-01T23:00:00+00:00', '2026-01-01T12:00:00+00:00')
    """
    if text is None:
        return None
    with suppress(Fatal):
        return parse_instant(text)
    try:
        return now - parse_duration(text)
    except (Fatal, OverflowError):
        said = f'"{text}" is neither so long ago, as 90m or 2d, nor an instant, as 2026-01-31T12:00'
        raise typer.BadParameter(said, param_hint=option) from None
