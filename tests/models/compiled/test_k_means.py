"""The distances of compiled k-means are the sums that the Python that runs it makes of floats."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from river import cluster

from models.compiled.k_means import KMeans
from models.compiled.rows import Lesson, Vocabulary, of_grid


@given(st.lists(st.floats(0, 1e9) | st.sampled_from([0.1, 1e16]), min_size=6, max_size=6))
def test_the_closest_center_is_that_of_the_smallest_sum(values: list[float]) -> None:
    centers = [values, values[::-1], sorted(values)]  # as far from 0 but for rounding, where p is 1
    step = cluster.KMeans(len(centers), p=1, seed=1)
    for number, place in enumerate(centers):
        step.centers[number].update(zip("abcdef", place, strict=True))
    twin, known = KMeans(step), Vocabulary()
    twin.load(0, known, step)
    cells = of_grid(known.features.numbers("abcdef"), np.zeros((1, 6)))
    answers = twin.learn(Lesson(cells, cells, np.zeros(1), np.zeros(1, np.bool_), np.zeros(1, np.int32)))
    sums = [sum(place) for place in centers]
    assert answers is not None
    assert answers.numbers is not None
    assert answers.numbers.tolist() == [sums.index(min(sums))]
