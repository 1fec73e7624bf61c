"""Frames hold what goes through in a quarter of a second: fewer records where those behind are slow, more where not."""

from __future__ import annotations

from tests.schemas.jvm_side import Jvm

MANY = 100_000


def test_the_first_frame_is_small_and_the_next_ones_follow_the_pace(jvm: Jvm) -> None:
    assert jvm.paced(20_000, [(MANY, 50), (MANY, 250), (MANY, 1_250)]) == [1_000, 5_000, 5_000]
    assert jvm.paced(20_000, [(MANY, 1), (MANY, 250), (MANY, 2_500), (MANY, 2_500)]) == [1_000, 20_000, 20_000, 2_000]


def test_a_frame_that_was_not_full_says_nothing_of_the_pace(jvm: Jvm) -> None:
    assert jvm.paced(20_000, [(10, 5_000), (MANY, 250), (MANY, 250)]) == [10, 1_000, 1_000]


def test_a_frame_holds_at_least_a_hundred_records_and_at_most_what_is_allowed(jvm: Jvm) -> None:
    assert jvm.paced(20_000, [(MANY, 60_000), (MANY, 60_000), (MANY, 0)]) == [1_000, 100, 100]
    assert jvm.paced(50, [(MANY, 60_000), (MANY, 0), (MANY, 1)]) == [50, 50, 50]


def test_frames_of_many_shards_are_larger(jvm: Jvm) -> None:
    assert jvm.paced(20_000, [(MANY, 250), (MANY, 250)], shards=4) == [1_000, 1_000]
    assert jvm.paced(20_000, [(MANY, 250), (MANY, 250)], shards=32) == [1_000, 7_680]
