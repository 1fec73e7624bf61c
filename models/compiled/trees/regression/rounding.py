"""Python's `round` to some digits."""

from __future__ import annotations

import math

from schemas.kernel import shared

_SPLITTER = 134_217_729.0  # 2^27 + 1
WHOLE = 4_503_599_627_370_496.0
"""From 2^52 on all floats are whole."""
MOST_DIGITS = 11


@shared
def rounded(x: float, scale: float) -> float:
    """The float that is nearest to `x` with so many digits, where `scale` is 10 to the power of them.

    What the product loses to rounding, which Dekker's algorithm says, matters only where half a digit is left. The
    product has to be less than `WHOLE`, or `x` to be whole.
    """
    product = x * scale
    if not abs(product) < WHOLE:
        return x
    digits = math.floor(abs(product)) * 1.0
    left = abs(product) - digits
    if left == 0.5:
        scaled = _SPLITTER * abs(x)
        high = scaled - (scaled - abs(x))
        lost = (high * scale - abs(product)) + (abs(x) - high) * scale
        if lost > 0.0 or (lost == 0.0 and digits % 2.0 == 1.0):
            digits += 1.0
    elif left > 0.5:
        digits += 1.0
    return math.copysign(digits / scale, x)
