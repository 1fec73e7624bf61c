"""The values of one key over a window of event time, and what is known of a part of them."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from math import fsum, inf

_UNIT = 1074  # the smallest double is 2 to the power of -1074
_ONE = 1 << _UNIT
_DEARER = 16  # how many values are summed up in the time in which one is taken from an exact sum


class Window:
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
        self.total += exact(value)

    def drop_until(self, time: float) -> None:
        if self.times[self.start] > time:
            return
        end = bisect_right(self.times, time, self.start)
        self.forget(self.start, end)
        self.start = end
        if end > len(self.times) // 2:  # seldom, as moving those that stay takes as long as there are many
            del self.times[:end], self.values[:end]
            self.start = 0

    def forget(self, first: int, last: int) -> None:
        """Take the values at these indexes out of the sums."""
        self.total -= self.exact_sum(first, last)

    def between(self, after: float, until: float) -> Span:
        """The values at times in (after, until]."""
        first = bisect_right(self.times, after, self.start)
        return Span(self, first, bisect_right(self.times, until, self.start), after)

    def exact_sum(self, first: int, last: int) -> int:
        return sum(map(exact, self.values[first:last]))


class SquaresWindow(Window):
    """A window that knows the exact sum of the squares of its values, too."""

    __slots__ = ("squares",)

    def __init__(self) -> None:
        super().__init__()
        self.squares = 0

    def add(self, time: float, value: float) -> None:
        super().add(time, value)
        self.squares += exact(value) ** 2

    def forget(self, first: int, last: int) -> None:
        super().forget(first, last)
        self.squares -= self.exact_squares(first, last)

    def exact_squares(self, first: int, last: int) -> int:
        return sum(exact(value) ** 2 for value in self.values[first:last])


class PeaksWindow(Window):
    """A window that knows its largest value: of all values those that no later one reaches, largest first."""

    __slots__ = ("peak_times", "peaks")

    def __init__(self) -> None:
        super().__init__()
        self.peak_times: list[float] = []
        self.peaks: list[float] = []

    def add(self, time: float, value: float) -> None:
        super().add(time, value)
        at = bisect_right(self.peak_times, time)
        if at < len(self.peaks) and self.peaks[at] >= value:
            return
        first = at
        while first > 0 and self.peaks[first - 1] <= value:
            first -= 1
        self.peak_times[first:at] = [time]
        self.peaks[first:at] = [value]

    def drop_until(self, time: float) -> None:
        super().drop_until(time)
        gone = bisect_right(self.peak_times, time)
        del self.peak_times[:gone], self.peaks[:gone]


@dataclass(slots=True)
class Span:
    """The values of a window at the indexes from `first` up to `last`: those after the time `after`."""

    window: Window
    first: int
    last: int
    after: float

    @property
    def count(self) -> int:
        return self.last - self.first

    def mean(self) -> float:
        """Their sum, rounded once, by their number; 0.0 if there are none."""
        if self.count == 0:
            return 0.0
        if self._others() * _DEARER > self.count:
            with suppress(OverflowError):
                return fsum(self.window.values[self.first : self.last]) / self.count
        total = self._total()
        try:
            return total / _ONE / self.count
        except OverflowError:
            return total / (self.count << _UNIT)

    def sum(self) -> float:
        """Their sum, rounded once; infinite where no double is large enough."""
        if self._others() * _DEARER > self.count:
            with suppress(OverflowError):
                return fsum(self.window.values[self.first : self.last])
        return _ratio(self._total(), _ONE)

    def variance(self) -> float:
        """Their variance about their mean, of a sample, rounded once; 0.0 of less than two values."""
        window, count = self.window, self.count
        if count < 2:
            return 0.0
        assert isinstance(window, SquaresWindow)
        if self._others() > count:
            squares = window.exact_squares(self.first, self.last)
        else:
            outside = window.exact_squares(window.start, self.first)
            squares = window.squares - outside - window.exact_squares(self.last, len(window.values))
        return _ratio(count * squares - self._total() ** 2, count * (count - 1) << 2 * _UNIT)

    def peak(self) -> float | None:
        """The largest of them, None if there are none."""
        window = self.window
        if self.count == 0:
            return None
        if self.last < len(window.values):
            return max(window.values[self.first : self.last])
        assert isinstance(window, PeaksWindow)
        return window.peaks[bisect_right(window.peak_times, self.after)]

    def _others(self) -> int:
        return len(self.window.values) - self.window.start - self.count

    def _total(self) -> int:
        """Their exact sum, from that of all or by themselves, whichever takes less time."""
        window, others = self.window, self._others()
        if others > self.count:
            return window.exact_sum(self.first, self.last)
        total = window.total
        if others:
            total -= window.exact_sum(window.start, self.first) + window.exact_sum(self.last, len(window.values))
        return total


def exact(value: float) -> int:
    """A finite number in units of 2 to the power of -`_UNIT`, of which each is a whole multiple."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_UNIT + 1 - denominator.bit_length())


def _ratio(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator
    except OverflowError:
        return inf if numerator > 0 else -inf
