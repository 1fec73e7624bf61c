"""Sums as Python's `sum` has them: of floats, but not of numpy's, Python 3.12 and later give back what rounding lost.

The algorithm is that of Neumaier, 1974, as in CPython's `Python/bltinmodule.c`.
"""

from __future__ import annotations

import math
import sys

from schemas.kernel import Floats, shared

IS_COMPENSATED = sys.version_info >= (3, 12)


@shared
def lost(total: float, x: float) -> float:
    """What `total + x` loses to rounding."""
    larger = total + x
    return (total - larger) + x if abs(total) >= abs(x) else (x - larger) + total


@shared
def added(total: float, losses: float, x: float) -> tuple[float, float]:
    """One term more: the sum, and what it has lost so far, 0 where this Python does not give it back."""
    if IS_COMPENSATED:
        losses += lost(total, x)
    return total + x, losses


@shared
def compensated(total: float, losses: float) -> float:
    """A sum with all that it has lost."""
    return total + losses if losses != 0.0 and math.isfinite(losses) else total


@shared
def summed(terms: Floats, count: int) -> float:
    """The sum of the first terms."""
    total, losses = 0.0, 0.0
    for place in range(count):
        total, losses = added(total, losses, terms[place])
    return compensated(total, losses)
