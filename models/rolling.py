"""Transformers over a window of event time, one window for each value of a field."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import fsum, isfinite
from typing import Any

from river import base

from schemas.durations import parse_duration

_UNIT = 1074  # the smallest double is 2 to the power of -1074
_ONE = 1 << _UNIT
_NUMBER = (int, float)
_DEARER = 16  # how many values are summed up in the time in which one is taken from an exact sum


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
        return value if isinstance(value, _NUMBER) and isfinite(value) else None

    def _seen_by(self, x: dict[Any, Any]) -> _Span:
        """The values in the window of `x`."""
        window, time = self._windows.get(x.get(self.by)), _time_ms(x.get(self.on))
        if window is None or time is None:
            return _Span(_Window(), 0, 0)
        return window.between(time - self._window_ms, time)

    def _sweep(self) -> None:
        silent_since = self._newest - self._window_ms
        self._windows = {key: window for key, window in self._windows.items() if window.times[-1] > silent_since}
        self._swept_at = self._newest


class RollingMean(_Rolling):
    """The mean of a field over the records of the last `window` of event time that have the same value in `by`.

    `on` is the field with the event time: ms since the epoch, or an aware datetime. Nulls and non-finite numbers are
    passed over; with no value in the window the mean is 0.0. It is computed from the exact sum, and for a record that
    is not late it takes as long for a full window as for an empty one. The feature is called `name`, or else
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
        return {self.name: self._seen_by(x).mean()}


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
        return {self.name: self._seen_by(x).count}


class _Window:
    """The values of one key in the order of their event times, from index `start` on; the ones before it have left.

    `total` is their exact sum, which adding and dropping values leaves exact.
    """

    __slots__ = ("start", "times", "total", "values")

    def __init__(self) -> None:
        self.times: list[float] = []
        self.values: list[float] = []
        self.start = 0
        self.total = 0

    def add(self, time: float, value: float) -> None:
        if not self.times or time >= self.times[-1]:
            self.times.append(time)
            self.values.append(value)
        else:
            at = bisect_right(self.times, time, self.start)
            self.times.insert(at, time)
            self.values.insert(at, value)
        self.total += _exact(value)

    def drop_until(self, time: float) -> None:
        if self.times[self.start] > time:
            return
        end = bisect_right(self.times, time, self.start)
        self.total -= self.exact_sum(self.start, end)
        self.start = end
        if end > len(self.times) // 2:  # seldom, as moving those that stay takes as long as there are many
            del self.times[:end], self.values[:end]
            self.start = 0

    def between(self, after: float, until: float) -> _Span:
        """The values at times in (after, until]."""
        first = bisect_right(self.times, after, self.start)
        return _Span(self, first, bisect_right(self.times, until, self.start))

    def exact_sum(self, first: int, last: int) -> int:
        return sum(map(_exact, self.values[first:last]))


@dataclass(slots=True)
class _Span:
    """The values of a window at the indexes from `first` up to `last`."""

    window: _Window
    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first

    def mean(self) -> float:
        """Their sum, rounded once, by their number; 0.0 if there are none."""
        if self.count == 0:
            return 0.0
        window, others = self.window, len(self.window.values) - self.window.start - self.count
        if others * _DEARER > self.count:
            with suppress(OverflowError):
                return fsum(window.values[self.first : self.last]) / self.count
        total = window.total
        if others:
            total -= window.exact_sum(window.start, self.first) + window.exact_sum(self.last, len(window.values))
        try:
            return total / _ONE / self.count
        except OverflowError:
            return total / (self.count << _UNIT)


def _exact(value: float) -> int:
    """A finite number in units of 2 to the power of -`_UNIT`, of which each is a whole multiple."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_UNIT + 1 - denominator.bit_length())


def _time_ms(time: Any) -> float | None:
    if isinstance(time, datetime):
        return time.timestamp() * 1000
    return time if isinstance(time, _NUMBER) and isfinite(time) else None
