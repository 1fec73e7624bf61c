"""Transformers over a window of event time, one window for each value of a field."""

from __future__ import annotations

from math import isfinite, sqrt
from typing import Any

from river import base

from models.fields import Fields, Unknown, expect, expect_numbers
from models.instants import time_ms
from models.rolling_window import PeaksWindow, Span, SquaresWindow, Window
from schemas.durations import parse_duration
from schemas.errors import Fatal
from schemas.fields import plain_type

_NUMBER = (int, float)


class _Rolling(base.Transformer):  # type: ignore[misc]
    """A window for each value of the field `by`, over the event times in the field `on`.

    A record at time t sees what lies in (t - window, t]. One that comes late takes its place in the window, and sees
    what is still held of its own. Values that have left a key's window are dropped, and so are keys that have been
    silent for a whole window.
    """

    accepts_null = True
    name: str
    _kind = "double"
    _window = Window

    def __init__(self, field: str | None, by: str, window: str, on: str) -> None:
        self.field = field
        self.by = by
        self.window = window
        self.on = on
        self._window_ms = parse_duration(window).total_seconds() * 1000
        self._windows: dict[Any, Window] = {}
        self._newest = self._swept_at = float("-inf")

    def learn_one(self, x: dict[Any, Any]) -> None:
        key, time, value = x.get(self.by), time_ms(x.get(self.on)), self._value(x)
        if key is None or time is None or value is None:
            return
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = self._window()
        window.add(time, value)
        window.drop_until(window.times[-1] - self._window_ms)
        self._newest = max(self._newest, time)
        if self._newest - self._swept_at > self._window_ms:
            self._sweep()

    def _value(self, x: dict[Any, Any]) -> float | None:
        value = x.get(self.field)
        return value if isinstance(value, _NUMBER) and isfinite(value) else None

    def _seen_by(self, x: dict[Any, Any]) -> Span:
        """The values in the window of `x`."""
        window, time = self._windows.get(x.get(self.by)), time_ms(x.get(self.on))
        if window is None or time is None:
            return Span(Window(), 0, 0, 0.0)
        return window.between(time - self._window_ms, time)

    def output_fields(self, fields: Fields) -> Fields:
        who = type(self).__name__
        expect(fields, [self.by, self.on, *([self.field] if self.field is not None else [])], who)
        if not isinstance(fields, Unknown):
            if self.field is not None:
                expect_numbers(fields, [self.field], who)
            if plain_type(fields[self.on]) not in ("long", "int", "double"):
                raise Fatal(f'{who}: field "{self.on}" is of type {plain_type(fields[self.on])}, expected a time')
        return {self.name: self._kind}

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


class RollingSum(_Rolling):
    """The sum of a field over a window, as `RollingMean` has it; 0.0 with no value in the window.

    It is exact until it is rounded, once. The feature is called `name`, or else `<by>_<field>_sum_<window>`.

    >>> total = RollingSum("seats", by="origin", window="1h", on="departed_at")
    >>> total.learn_one({"origin": "JFK", "seats": 180, "departed_at": 0})
    >>> total.transform_one({"origin": "JFK", "departed_at": 60_000})
    {'origin_seats_sum_1h': 180.0}
    """

    def __init__(self, field: str, *, by: str, window: str, on: str, name: str | None = None) -> None:
        super().__init__(field, by, window, on)
        self.name = name or f"{by}_{field}_sum_{window}"

    def transform_one(self, x: dict[Any, Any]) -> dict[str, float]:
        return {self.name: self._seen_by(x).sum()}


class RollingVar(_Rolling):
    """The variance of a field over a window, as `RollingMean` has it: of a sample, 0.0 of less than two values.

    It is computed from exact sums and rounded once. The feature is called `name`, or else `<by>_<field>_var_<window>`.

    >>> var = RollingVar("delay", by="origin", window="1h", on="departed_at")
    >>> for delay in (10.0, 20.0):
    ...     var.learn_one({"origin": "JFK", "delay": delay, "departed_at": 0})
    >>> var.transform_one({"origin": "JFK", "departed_at": 60_000})
    {'origin_delay_var_1h': 50.0}
    """

    _window = SquaresWindow

    def __init__(self, field: str, *, by: str, window: str, on: str, name: str | None = None) -> None:
        super().__init__(field, by, window, on)
        self.name = name or f"{by}_{field}_var_{window}"

    def transform_one(self, x: dict[Any, Any]) -> dict[str, float]:
        return {self.name: self._seen_by(x).variance()}


class RollingStd(_Rolling):
    """The standard deviation of a field over a window: the square root of what `RollingVar` gives.

    The feature is called `name`, or else `<by>_<field>_std_<window>`.
    """

    _window = SquaresWindow

    def __init__(self, field: str, *, by: str, window: str, on: str, name: str | None = None) -> None:
        super().__init__(field, by, window, on)
        self.name = name or f"{by}_{field}_std_{window}"

    def transform_one(self, x: dict[Any, Any]) -> dict[str, float]:
        return {self.name: sqrt(self._seen_by(x).variance())}


class RollingMax(_Rolling):
    """The largest value of a field over a window, as `RollingMean` has it; 0.0 with no value in the window.

    For a record that is not late it takes no longer for a full window than for an empty one. The feature is called
    `name`, or else `<by>_<field>_max_<window>`.

    >>> top = RollingMax("delay", by="origin", window="1h", on="departed_at")
    >>> for delay in (10.0, 30.0, 20.0):
    ...     top.learn_one({"origin": "JFK", "delay": delay, "departed_at": 0})
    >>> top.transform_one({"origin": "JFK", "departed_at": 60_000})
    {'origin_delay_max_1h': 30.0}
    """

    _window = PeaksWindow
    _sign = 1.0

    def __init__(self, field: str, *, by: str, window: str, on: str, name: str | None = None) -> None:
        super().__init__(field, by, window, on)
        self.name = name or f"{by}_{field}_max_{window}"

    def _value(self, x: dict[Any, Any]) -> float | None:
        value = super()._value(x)
        return None if value is None else self._sign * value

    def transform_one(self, x: dict[Any, Any]) -> dict[str, float]:
        peak = self._seen_by(x).peak()
        return {self.name: 0.0 if peak is None else self._sign * peak + 0.0}  # no zero has a sign


class RollingMin(RollingMax):
    """The smallest value of a field over a window, as `RollingMax` the largest.

    The feature is called `name`, or else `<by>_<field>_min_<window>`.
    """

    _sign = -1.0

    def __init__(self, field: str, *, by: str, window: str, on: str, name: str | None = None) -> None:
        super().__init__(field, by=by, window=window, on=on, name=name or f"{by}_{field}_min_{window}")


class RollingCount(_Rolling):
    """The number of records in the last `window` of event time that have the same value in `by`.

    `on` is as for `RollingMean`; the feature is called `name`, or else `<by>_count_<window>`.

    >>> count = RollingCount(by="origin", window="1h", on="departed_at")
    >>> count.learn_one({"origin": "JFK", "departed_at": 0})
    >>> count.transform_one({"origin": "JFK", "departed_at": 60_000})
    {'origin_count_1h': 1}
    """

    _kind = "long"

    def __init__(self, *, by: str, window: str, on: str, name: str | None = None) -> None:
        super().__init__(None, by, window, on)
        self.name = name or f"{by}_count_{window}"

    def _value(self, x: dict[Any, Any]) -> float | None:
        return 0.0

    def transform_one(self, x: dict[Any, Any]) -> dict[str, int]:
        return {self.name: self._seen_by(x).count}
