"""Sums in kernels are those of Python from 3.12 on, and of the dictionaries of river in their order."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.compiled.sums import compensated, lost
from schemas.kernel import Floats, kernel

NUMBERS = st.lists(st.floats(-1e6, 1e6) | st.floats() | st.sampled_from([1e308, 1e16, 1.0, -1e16, 0.1]), max_size=9)


@kernel
def _sum(values: Floats, parts: Floats) -> None:
    parts[0], parts[1] = 0.0, 0.0
    for place in range(len(values)):
        parts[1] += lost(parts[0], values[place])
        parts[0] += values[place]
    parts[2] = compensated(parts[0], parts[1])


def _summed(values: list[float]) -> tuple[float, float]:
    parts = np.zeros(3)
    _sum(np.array(values, np.float64), parts)
    return float(parts[0]), float(parts[2])


def _neumaier(values: list[float]) -> float:
    """As CPython 3.12 has it."""
    total, losses = 0.0, 0.0
    for x in values:
        larger = total + x
        losses += (total - larger) + x if math.fabs(total) >= math.fabs(x) else (x - larger) + total
        total = larger
    return total + losses if losses and math.isfinite(losses) else total


@given(NUMBERS)
def test_a_sum_of_floats_is_that_of_this_python(values: list[float]) -> None:
    plain, with_losses = _summed(values)
    ours = with_losses if sys.version_info >= (3, 12) else plain
    assert repr(ours) == repr(float(sum(values)))


@given(NUMBERS)
def test_a_compensated_sum_is_that_of_later_pythons(values: list[float]) -> None:
    assert repr(_summed(values)[1]) == repr(_neumaier(values))


def test_what_rounding_lost_comes_back() -> None:
    assert _summed([1e16, 1.0, -1e16]) == (0.0, 1.0)
    assert _summed([0.1] * 10)[1] == pytest.approx(1.0, abs=0.0)
