"""Values that were seen lately, by event time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import Any


class Repeats:
    """The event times, in ms, at which values were seen; those two windows behind the newest of all are forgotten.

    >>> seen = Repeats(10.0)
    >>> seen.add("UA 1", 100.0)
    >>> seen.near("UA 1", 109.0), seen.near("UA 1", 110.0), seen.near("UA 2", 100.0)
    (True, False, False)
    """

    def __init__(self, within_ms: float) -> None:
        self._within_ms = within_ms
        self._times: dict[Any, list[float]] = {}
        self._newest = self._swept_at = float("-inf")

    def __len__(self) -> int:
        return len(self._times)

    def near(self, value: Any, time: float) -> bool:
        """Whether the value was seen less than a window before or after this time."""
        times = self._times.get(value, ())
        return bisect_right(times, time - self._within_ms) < bisect_left(times, time + self._within_ms)

    def add(self, value: Any, time: float) -> None:
        insort(self._times.setdefault(value, []), time)
        self._newest = max(self._newest, time)
        if self._newest - self._swept_at > self._within_ms:
            self._sweep()

    def _sweep(self) -> None:
        until = self._newest - 2 * self._within_ms
        for value, times in list(self._times.items()):
            del times[: bisect_right(times, until)]
            if not times:
                del self._times[value]
        self._swept_at = self._newest
