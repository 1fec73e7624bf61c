"""Python's garbage collector, in a process that makes thousands of objects a frame and hardly a cycle."""

from __future__ import annotations

import gc

NEW_OBJECTS = 20_000  # between two looks at the newest objects; Python's own number is 700


def collect_seldom() -> None:
    """Pass over for good what is there already, and look for cycles less often: that saves a tenth of learning."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 50, 100)
