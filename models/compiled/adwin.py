"""Twins of river's `drift.ADWIN`, many at once, and how they go over to it and back."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from river import drift

from models.compiled.arrays import grown
from models.compiled.twin import NoTwin
from schemas.kernel import FloatGrid, PlaceGrid, blank

DELTA, CLOCK, LEAST, GRACE_PERIOD = 0.002, 32, 5.0, 10.0
"""River's own options: the share of false alarms, how often it looks, the shortest part of a window, and window."""
BUCKETS_A_SIZE = 6
"""How many there may be, with the one that is too many until two of them become one."""
TOTAL, VARIANCE, WIDTH, WIDTHS = range(4)
LAST, BUCKETS, MOST_BUCKETS, TICK, DETECTIONS, IS_DRIFT = range(6)

_OPTIONS = {
    "delta": DELTA,
    "clock": CLOCK,
    "max_buckets": BUCKETS_A_SIZE - 1,
    "min_window_length": int(LEAST),
    "grace_period": int(GRACE_PERIOD),
}
_HEAD = struct.Struct("<diQdd4d4iQ")  # river keeps a window as bytes: options, sums, counts, how many sizes
_SIZE = struct.Struct("<QQQ6dQ6d")  # the most buckets, how many there are, their totals, their variances
_TAIL = struct.Struct("<diQii")  # the options once more


class Windows(NamedTuple):
    """Windows of ADWIN, a row each: `totals` and `variances` by size and bucket, `filled` how many buckets of a size.

    A bucket of the size `s` stands for `2 ** s` numbers. `sums` and `counts` are in the order of the constants above;
    `LAST` is the largest size that there is.
    """

    totals: FloatGrid
    variances: FloatGrid
    filled: PlaceGrid
    sums: FloatGrid
    counts: PlaceGrid


class Detectors:
    """Many of river's `drift.ADWIN` with its own options."""

    def __init__(self) -> None:
        self.windows = blank(Windows)

    def make_room(self, rows: int, more: int) -> None:
        """Have room for so many detectors, and for so many numbers more in each; a new one has seen nothing."""
        widest = int(self.windows.sums[:, WIDTH].max()) if len(self.windows.sums) else 0
        sizes = (widest + more).bit_length() + 1
        widths = (BUCKETS_A_SIZE * sizes, BUCKETS_A_SIZE * sizes, sizes, 4, 6)
        pairs = zip(self.windows, widths, strict=True)
        self.windows = Windows._make(grown(array, (rows, width), 0) for array, width in pairs)

    def forget(self, row: int) -> None:
        """Make a detector one that has seen nothing."""
        for array in self.windows:
            array[row] = 0

    def load(self, row: int, detector: Any) -> None:
        """Make a row of what a detector of river's has seen. Raises NoTwin for one with options of its own."""
        if type(detector) is not drift.ADWIN or any(getattr(detector, name) != _OPTIONS[name] for name in _OPTIONS):
            raise NoTwin("has a drift detector of its own")
        state = detector._helper.__getstate__()
        *_, total, variance, width, widths, buckets, most, tick, detections, sizes = _HEAD.unpack_from(state)
        self.make_room(row + 1, int(width))
        self.forget(row)
        windows = self.windows
        windows.sums[row] = total, variance, width, widths
        windows.counts[row] = sizes - 1, buckets, most, tick, detections, detector.drift_detected
        for size in range(sizes):
            numbers = _SIZE.unpack_from(state, _HEAD.size + size * _SIZE.size)
            windows.filled[row, size] = numbers[1]
            windows.totals[row, size * BUCKETS_A_SIZE : (size + 1) * BUCKETS_A_SIZE] = numbers[3 : 3 + BUCKETS_A_SIZE]
            windows.variances[row, size * BUCKETS_A_SIZE : (size + 1) * BUCKETS_A_SIZE] = numbers[4 + BUCKETS_A_SIZE :]

    def stored(self, row: int) -> Any:
        """A detector of river's that has seen what a row has."""
        sums, (last, *counts, is_drift) = self.windows.sums[row].tolist(), self.windows.counts[row].tolist()
        state = _HEAD.pack(DELTA, CLOCK, BUCKETS_A_SIZE - 1, LEAST, GRACE_PERIOD, *sums, *counts, last + 1)
        for size in range(last + 1):
            buckets = slice(size * BUCKETS_A_SIZE, (size + 1) * BUCKETS_A_SIZE)
            totals, variances = self.windows.totals[row, buckets], self.windows.variances[row, buckets]
            state += _SIZE.pack(
                BUCKETS_A_SIZE - 1,
                int(self.windows.filled[row, size]),
                BUCKETS_A_SIZE,
                *totals,
                BUCKETS_A_SIZE,
                *variances,
            )
        made = drift.ADWIN(**_OPTIONS)
        made._helper.__setstate__(state + _TAIL.pack(*_OPTIONS.values()))
        made._drift_detected = bool(is_drift)
        return made
