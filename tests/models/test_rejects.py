from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from models.rejects import Rejects

WINDOW = 1_000


@given(
    rejected=st.sets(st.integers(0, 2_999), max_size=60),
    uncounted=st.sets(st.integers(0, 2_999), max_size=60),
    cuts=st.lists(st.integers(0, 3_000), max_size=6),
)
def test_counts_do_not_depend_on_how_records_are_framed(
    rejected: set[int], uncounted: set[int], cuts: list[int]
) -> None:
    whole, framed = Rejects(WINDOW), Rejects(WINDOW)
    whole.note(3_000, sorted(rejected), [at in uncounted for at in range(3_000)])
    bounds = [0, *sorted(cuts), 3_000]
    for start, end in itertools.pairwise(bounds):
        inside = [at - start for at in sorted(rejected) if start <= at < end]
        framed.note(end - start, inside, [at in uncounted for at in range(start, end)])
    counted = [at for at in range(3_000) if at not in uncounted]
    window = counted[-whole.window_records :]
    assert WINDOW <= whole.window_records < WINDOW + WINDOW // 100
    assert whole.window_rejected == len(rejected.intersection(window))
    assert (whole.records, whole.rejected) == (len(counted), len(rejected - uncounted))
    assert vars(whole) == vars(framed)


def test_a_window_of_another_size_begins_anew_and_one_of_the_same_goes_on() -> None:
    rejects = Rejects(WINDOW)
    rejects.note(500, [1, 2])
    rejects.resize(WINDOW)
    assert (rejects.window_records, rejects.window_rejected) == (500, 2)
    rejects.resize(2 * WINDOW)
    assert (rejects.window_records, rejects.window_rejected, rejects.records) == (0, 0, 500)
