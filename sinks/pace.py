"""How often something may be done."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """At most once in `every_s` seconds for each shard, by a clock that is passed in.

    >>> seconds = iter([0.0, 0.4, 1.0])
    >>> pace = Pace(1.0, clock=lambda: next(seconds))
    >>> pace.mark(0), pace.due(0), pace.due(0)
    (None, False, True)
    """

    def __init__(self, every_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._clock = clock
        self._next: dict[int, float] = {}

    def due(self, shard: int) -> bool:
        """Whether it may be done now; always before the first time."""
        due_at = self._next.get(shard)
        return due_at is None or self._clock() >= due_at

    def mark(self, shard: int) -> None:
        """It is done now."""
        self._next[shard] = self._clock() + self._every_s
