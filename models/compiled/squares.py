"""The square that Python gives for `x ** 2`, without asking the C library each time."""

from __future__ import annotations

from schemas.kernel import power, shared

_SPLITTER = 134_217_729.0  # 2^27 + 1
_SURE = 0.44
_LEAST = 1e-250


@shared
def squared(x: float) -> float:
    """`pow(x, 2.0)` of the C library, which is not always the nearest float, but always less than 0.55 units from it.

    `x * x` is the nearest one. Where it is less than `_SURE` of a unit in the last place off, which Dekker's exact
    product says, no other float is near enough. Else the library is asked: one time in eight.
    """
    square = x * x
    scaled = _SPLITTER * x
    high = scaled - (scaled - x)
    low = x - high
    off = ((high * high - square) + 2.0 * high * low) + low * low
    unit = (square + square * 1.6653345369377348e-16) - square
    if abs(off) < _SURE * unit and square > _LEAST:
        return square
    return power(x, 2.0)
