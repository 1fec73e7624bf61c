"""Python's `sum` of floats."""

from __future__ import annotations

import sys

from schemas.kernel import Floats, shared

_IS_COMPENSATED = sys.version_info >= (3, 12)


@shared
def added(total: float, lost: float, x: float) -> tuple[float, float]:
    """One term more; `lost` is what rounding has taken away, which Python adds in the end since 3.12 (Neumaier)."""
    after = total + x
    if _IS_COMPENSATED:
        lost += (total - after) + x if abs(total) >= abs(x) else (x - after) + total
    return after, lost


@shared
def summed(terms: Floats, count: int) -> float:
    total, lost = 0.0, 0.0
    for place in range(count):
        total, lost = added(total, lost, terms[place])
    return total + lost
