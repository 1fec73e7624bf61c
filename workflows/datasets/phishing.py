"""The 1,250 web pages of river.datasets.Phishing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from river import datasets

from engine.feed import Feed

FEED = Feed("pages", schema="phishing", partitions=1)
FIRST_SEEN_AT = datetime(2025, 1, 1, tzinfo=UTC)


def phishing() -> Iterator[dict[str, Any]]:
    """The pages as records of the schema "phishing", as if one had been seen each minute of the new year 2025.

    >>> first = next(phishing())
    >>> first["is_phishing"], first["seen_at"].isoformat()
    (True, '2025-01-01T00:00:00+00:00')
    """
    for minute, (x, y) in enumerate(datasets.Phishing()):
        features = {name: float(value) for name, value in x.items()}
        yield {**features, "is_phishing": y, "seen_at": FIRST_SEEN_AT + timedelta(minutes=minute)}
