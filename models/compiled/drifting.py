"""What compiled drift detectors do with a number, in river's order of operations."""

from __future__ import annotations

import math

from models.compiled.adwin import (
    BUCKETS,
    BUCKETS_A_SIZE,
    CLOCK,
    DELTA,
    DETECTIONS,
    GRACE_PERIOD,
    IS_DRIFT,
    LAST,
    LEAST,
    MOST_BUCKETS,
    TICK,
    TOTAL,
    VARIANCE,
    WIDTH,
    WIDTHS,
    Windows,
)
from schemas.kernel import Codes, FlagGrid, Flags, kernel, log, shared


@shared
def _mean(windows: Windows, row: int) -> float:
    width = windows.sums[row, WIDTH]
    return float(windows.sums[row, TOTAL] / width) if width != 0.0 else 0.0


@shared
def _shift(windows: Windows, row: int, size: int, gone: int) -> None:
    """Leave out the oldest buckets of a size."""
    totals, variances = windows.totals[row], windows.variances[row]
    first, end = size * BUCKETS_A_SIZE, size * BUCKETS_A_SIZE + windows.filled[row, size]
    for place in range(first, end):
        is_left = place + gone < end
        totals[place] = totals[place + gone] if is_left else 0.0
        variances[place] = variances[place + gone] if is_left else 0.0
    windows.filled[row, size] -= gone


@shared
def _insert(windows: Windows, row: int, value: float) -> None:
    sums, counts = windows.sums[row], windows.counts[row]
    windows.totals[row, windows.filled[row, 0]] = value
    windows.variances[row, windows.filled[row, 0]] = 0.0
    windows.filled[row, 0] += 1
    counts[BUCKETS] += 1
    counts[MOST_BUCKETS] = max(counts[MOST_BUCKETS], counts[BUCKETS])
    sums[WIDTH] += 1.0
    if sums[WIDTH] > 1.0:
        off = value - sums[TOTAL] / (sums[WIDTH] - 1.0)
        sums[VARIANCE] += (sums[WIDTH] - 1.0) * off * off / sums[WIDTH]
    sums[TOTAL] += value


@shared
def _unite(windows: Windows, row: int) -> None:
    """Make one of the two oldest buckets of each size of which there are too many."""
    totals, variances, filled = windows.totals[row], windows.variances[row], windows.filled[row]
    size = 0
    while filled[size] == BUCKETS_A_SIZE:
        first = size * BUCKETS_A_SIZE
        n = float(1 << size)
        off = totals[first] / n - totals[first + 1] / n
        total = totals[first] + totals[first + 1]
        variance = variances[first] + variances[first + 1] + n * 0.5 * off * off
        _shift(windows, row, size, 2)
        size += 1
        place = size * BUCKETS_A_SIZE + filled[size]
        totals[place], variances[place] = total, variance
        filled[size] += 1
        windows.counts[row, LAST] = max(windows.counts[row, LAST], size)
        windows.counts[row, BUCKETS] += 1


@shared
def _is_cut(windows: Windows, row: int) -> bool:
    """Whether the window has two parts with means that differ by more than chance has it."""
    width, variance = windows.sums[row, WIDTH], windows.sums[row, VARIANCE]
    rarity = log(2.0 * log(width) / DELTA)
    n0, n1, u0, u1 = 0.0, width, 0.0, windows.sums[row, TOTAL]
    for size in range(windows.counts[row, LAST], -1, -1):
        n = float(1 << size)
        filled = windows.filled[row, size]
        for place in range(size * BUCKETS_A_SIZE, size * BUCKETS_A_SIZE + filled):
            n0 += n
            n1 -= n
            u0 += windows.totals[row, place]
            u1 -= windows.totals[row, place]
            if n1 < LEAST or n0 < LEAST:
                continue
            share = 1.0 / (n0 - LEAST + 1.0) + 1.0 / (n1 - LEAST + 1.0)
            bound = math.sqrt(2.0 * share * (variance / width) * rarity) + 2.0 / 3.0 * rarity * share
            if abs(u0 / n0 - u1 / n1) > bound:
                return True
    return False


@shared
def _drop(windows: Windows, row: int) -> None:
    """Leave out the oldest bucket of all."""
    sums, counts = windows.sums[row], windows.counts[row]
    last = counts[LAST]
    n = float(1 << last)
    total = windows.totals[row, last * BUCKETS_A_SIZE]
    mean = total / n
    sums[WIDTH] -= n
    sums[TOTAL] -= total
    off = mean - sums[TOTAL] / sums[WIDTH]
    sums[VARIANCE] -= windows.variances[row, last * BUCKETS_A_SIZE] + n * sums[WIDTH] * off * off / (n + sums[WIDTH])
    _shift(windows, row, last, 1)
    counts[BUCKETS] -= 1
    if windows.filled[row, last] == 0:
        counts[LAST] -= 1


@shared
def _see(windows: Windows, row: int, value: float) -> None:
    """One number more; a detector that has found a drift begins anew."""
    sums, counts = windows.sums[row], windows.counts[row]
    if counts[IS_DRIFT]:
        for size in range(counts[LAST] + 1):
            windows.filled[row, size] = 0
            windows.totals[row, size * BUCKETS_A_SIZE : (size + 1) * BUCKETS_A_SIZE] = 0.0
            windows.variances[row, size * BUCKETS_A_SIZE : (size + 1) * BUCKETS_A_SIZE] = 0.0
        sums[:] = 0.0
        counts[:] = 0
    _insert(windows, row, value)
    _unite(windows, row)
    counts[TICK] += 1
    is_drift = False
    if counts[TICK] % CLOCK == 0 and sums[WIDTH] > GRACE_PERIOD:
        while _is_cut(windows, row):
            is_drift = True
            _drop(windows, row)
    sums[WIDTHS] += sums[WIDTH]
    counts[DETECTIONS] += is_drift
    counts[IS_DRIFT] = is_drift


@kernel
def watch(windows: Windows, right: FlagGrid, learns: Flags, copies: Codes, start: int) -> int:
    """Tell the detectors of each record from `start` on, by model, whether the model was right, up to the first change.

    Gives the record in which one has changed for the more, times the number of models, plus the model whose
    detector has the largest mean; or -1 if none has.
    """
    models = len(right)
    for record in range(start, len(learns)):
        if not learns[record]:
            continue
        has_changed = False
        first = copies[record] * models
        for model in range(models):
            mean = _mean(windows, first + model)
            _see(windows, first + model, 1.0 if right[model, record] else 0.0)
            if windows.counts[first + model, IS_DRIFT] and _mean(windows, first + model) > mean:
                has_changed = True
        if has_changed:
            largest = 0
            for model in range(1, models):
                if _mean(windows, first + model) > _mean(windows, first + largest):
                    largest = model
            return record * models + largest
    return -1
