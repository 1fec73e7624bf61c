"""Waiting for something that another process does."""

from __future__ import annotations

import time
from collections.abc import Callable

# so long that a machine that others share has had its time
PATIENCE_S = 180.0


def wait_until(happened: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
    """Return as soon as `happened` says so."""
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, f"it did not happen within {timeout_s:.0f} s"
        time.sleep(0.05)
