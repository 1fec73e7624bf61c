"""Event times as numbers."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import Any


def time_ms(time: Any) -> float | None:
    """Milliseconds since the epoch of an aware datetime, or of what is such a number already; None for anything else.

    >>> time_ms(1_500), time_ms(None)
    (1500, None)
    """
    if isinstance(time, datetime):
        return time.timestamp() * 1000
    return time if isinstance(time, int | float) and isfinite(time) else None
