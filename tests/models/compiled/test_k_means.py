"""K-means adds floats as the Python that runs it does: since 3.12 a sum keeps what rounding loses."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from river import cluster

from models.compiled.k_means import IS_COMPENSATED, KMeans
from models.compiled.rows import Lesson, Vocabulary, of_dicts


def test_sums_are_those_of_this_python() -> None:
    assert (sys.version_info >= (3, 12)) == IS_COMPENSATED


def compensated(values: list[float]) -> float:
    """The sum of the values by Neumaier, as CPython 3.12 has it."""
    total = lost = 0.0
    for value in values:
        together = total + value
        lost += (total - together) + value if abs(total) >= abs(value) else (value - together) + total
        total = together
    return total + lost


@pytest.mark.parametrize("is_compensated", [False, True])
@given(st.lists(st.floats(0, 1e9) | st.sampled_from([0.1, 1e16]), min_size=6, max_size=6))
def test_the_closest_center_is_that_of_either_sum(is_compensated: bool, values: list[float]) -> None:
    centers = [values, values[::-1], sorted(values)]  # as far from 0 but for rounding, where p is 1
    step = cluster.KMeans(len(centers), p=1, seed=1)
    for number, place in enumerate(centers):
        step.centers[number].update(zip("abcdef", place, strict=True))
    twin, known = KMeans(step), Vocabulary()
    twin._design = twin._design._replace(is_compensated=is_compensated)
    twin.load(0, known, step)
    cells = of_dicts(known.features, [dict.fromkeys("abcdef", 0.0)])
    answers = twin.learn(Lesson(cells, cells, np.zeros(1), np.zeros(1, np.bool_), np.zeros(1, np.int32)))
    added = compensated if is_compensated else plain
    sums = [added(place) for place in centers]
    assert answers is not None
    assert answers.numbers is not None
    assert answers.numbers.tolist() == [sums.index(min(sums))]


def plain(values: list[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total
