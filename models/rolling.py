"""Transformers over a window of event time, one window for each value of a field."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from math import isfinite
from typing import Any

from river import base

from schemas.durations import parse_duration


class _Rolling(base.Transformer):  # type: ignore[misc]
    """A window for each value of the field `by`, over the event times in the field `on`.

    A record at time t sees what lies in (t - window, t]. One that comes late takes its place in the window, and sees
    what is still held of its own. Values that have left a key's window are dropped, and so are keys that have been
    silent for a whole window.
    """

    accepts_null = True

    def __init__(self, field: str | None, by: str, window: str, on: str) -> None:
        self.field = field
        self.by = by
        self.window = window
        self.on = on
        self._window_ms = parse_duration(window).total_seconds() * 1000
        self._windows: dict[Any, _Window] = {}
        self._newest = self._swept_at = float("-inf")

    def learn_one(self, x: dict[Any, Any]) -> None:
        key, time, value = x.get(self.by), _time_ms(x.get(self.on)), self._value(x)
        if key is None or time is None or value is None:
            return
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = _Window()
        window.add(time, value)
        window.drop_until(window.times[-1] - self._window_ms)
        self._newest = max(self._newest, time)
        if self._newest - self._swept_at > self._window_ms:
            self._sweep()

    def _value(self, x: dict[Any, Any]) -> float | None:
        value = x.get(self.field)
        return value if isinstance(value, int | float) and isfinite(value) else None

    def _seen_by(self, x: dict[Any, Any]) -> list[float]:
        """The values in the window of `x`, in order of their event times."""
        window, time = self._windows.get(x.get(self.by)), _time_ms(x.get(self.on))
        return [] if window is None or time is None else window.between(time - self._window_ms, time)

    def _sweep(self) -> None:
        silent_since = self._newest - self._window_ms
        self._windows = {key: window for key, window in self._windows.items() if window.times[-1] > silent_since}
        self._swept_at = self._newest


class RollingMean(_Rolling):
    """The mean of a field over the records of the last `window` of event time that have the same value in `by`.

    `on` is the field with the event time: ms since the epoch, or an aware datetime. Nulls and non-finite numbers are
    passed over; with no value in the window the mean is 0.0. The feature is called `name`, or else
    `<by>_<field>_mean_<window>`.

    >>> mean = RollingMean("dep_delay", by="origin", window="1h", on="departed_at")
    >>> for x in [
    ...     {"origin": "JFK", "dep_delay": 10.0, "departed_at": 0},
    ...     {"origin": "JFK", "dep_delay": 20.0, "departed_at": 1_800_000},
    ...     {"origin": "JFK", "dep_delay": 40.0, "departed_at": 3_600_000},
    ...     {"origin": "EWR", "dep_delay": None, "departed_at": 3_600_000},
    ... ]:
    ...     mean.learn_one(x)
    ...     print(mean.transform_one(x))
    {'origin_dep_delay_mean_1h': 10.0}
    {'origin_dep_delay_mean_1h': 15.0}
    {'origin_dep_delay_mean_1h': 30.0}
    {'origin_dep_delay_mean_1h': 0.0}
    """

    def __init__(self, field: str, *, by: str, window: str, on: str, name: str | None = None) -> None:
        super().__init__(field, by, window, on)
        self.name = name or f"{by}_{field}_mean_{window}"

    def transform_one(self, x: dict[Any, Any]) -> dict[str, float]:
        values = self._seen_by(x)
        if not values:
            return {self.name: 0.0}
        mean = sum(values) / len(values)
        return {self.name: mean if isfinite(mean) else sum(value / len(values) for value in values)}


class RollingCount(_Rolling):
    """The number of records in the last `window` of event time that have the same value in `by`.

    `on` is as for `RollingMean`; the feature is called `name`, or else `<by>_count_<window>`.

    >>> count = RollingCount(by="origin", window="1h", on="departed_at")
    >>> count.learn_one({"origin": "JFK", "departed_at": 0})
    >>> count.transform_one({"origin": "JFK", "departed_at": 60_000})
    {'origin_count_1h': 1}
    """

    def __init__(self, *, by: str, window: str, on: str, name: str | None = None) -> None:
        super().__init__(None, by, window, on)
        self.name = name or f"{by}_count_{window}"

    def _value(self, x: dict[Any, Any]) -> float | None:
        return 0.0

    def transform_one(self, x: dict[Any, Any]) -> dict[str, int]:
        return {self.name: len(self._seen_by(x))}


class _Window:
    """The values of one key in the order of their event times; those of equal times in the order they came."""

    __slots__ = ("times", "values")

    def __init__(self) -> None:
        self.times: list[float] = []
        self.values: list[float] = []

    def add(self, time: float, value: float) -> None:
        at = bisect_right(self.times, time)
        self.times.insert(at, time)
        self.values.insert(at, value)

    def drop_until(self, time: float) -> None:
        count = bisect_right(self.times, time)
        del self.times[:count], self.values[:count]

    def between(self, after: float, until: float) -> list[float]:
        """The values at times in (after, until]."""
        return self.values[bisect_right(self.times, after) : bisect_right(self.times, until)]


def _time_ms(time: Any) -> float | None:
    if isinstance(time, datetime):
        return time.timestamp() * 1000
    return time if isinstance(time, int | float) and isfinite(time) else None
