"""Versions are ordered by epoch, then by count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.version import Version

versions = st.builds(Version, st.integers(0, 5), st.integers(0, 5))


@given(versions, versions)
def test_the_epoch_counts_first(one: Version, other: Version) -> None:
    assert (one < other) == ((one.epoch, one.count) < (other.epoch, other.count))
    assert (one == other) == (str(one) == str(other))
