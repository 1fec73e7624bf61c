"""Sums as Python's `sum` has them: of floats, but not of numpy's, Python 3.12 and later give back what rounding lost.

The algorithm is that of Neumaier, 1974, as in CPython's `Python/bltinmodule.c`.
"""

from __future__ import annotations

import math
import sys

from schemas.kernel import shared

IS_COMPENSATED = sys.version_info >= (3, 12)


@shared
def lost(total: float, x: float) -> float:
    """What `total + x` loses to rounding."""
    larger = total + x
    return (total - larger) + x if abs(total) >= abs(x) else (x - larger) + total


@shared
def compensated(total: float, losses: float) -> float:
    """A sum with all that it has lost."""
    return total + losses if losses != 0.0 and math.isfinite(losses) else total
