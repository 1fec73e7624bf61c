from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import BadRecord, Fatal
from sinks.feature_rows import FeatureRow, FeatureValue, newest, pack, unpack

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
INT32 = st.integers(-(1 << 31), (1 << 31) - 1)
VERSIONS = st.tuples(INT64, INT32, INT64, INT32)
FEATURES = st.dictionaries(
    st.text(), st.none() | st.booleans() | INT64 | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)


def row(version: tuple[int, ...] = (0, 0, 0, 0), **features: Any) -> FeatureRow:
    return FeatureRow("origin", "EWR", "delays", features, *version)


@given(VERSIONS, FEATURES)
def test_what_is_packed_is_unpacked(version: tuple[int, ...], features: dict[str, FeatureValue]) -> None:
    packed = FeatureRow("origin", "EWR", "delays", features, *version)
    assert unpack("origin", "EWR", "delays", pack(packed)) == packed


@given(VERSIONS, VERSIONS)
def test_packed_versions_compare_as_versions_do(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    assert (pack(row(left)) < pack(row(right))) == (left < right)


def test_a_number_that_is_not_finite_becomes_null() -> None:
    features = unpack("origin", "EWR", "delays", pack(row(a=math.nan, b=-math.inf))).features
    assert features == {"a": None, "b": None}


def test_numbers_of_numpy_are_numbers() -> None:
    features = unpack("origin", "EWR", "delays", pack(row(a=np.float64(0.1), b=np.int64(3)))).features
    assert features == {"a": 0.1, "b": 3}


@pytest.mark.parametrize("bad", [row(a=b"bytes"), row(a=1 << 70), row((1 << 63, 0, 0, 0))])
def test_what_cannot_be_stored_is_fatal(bad: FeatureRow) -> None:
    with pytest.raises(BadRecord, match='feature set "delays"'):
        pack(bad)


@pytest.mark.parametrize("packed", [b"", b"7fff", b"0" * 48 + b"{", b"x" * 48 + b"{}"])
def test_bytes_that_are_no_row_are_fatal(packed: bytes) -> None:
    with pytest.raises(Fatal, match="holds no packed row"):
        unpack("origin", "EWR", "delays", packed)


def test_the_newest_row_of_each_slot_is_kept() -> None:
    old, new = row((1, 9, 9, 9)), row((2, 0, 0, 0))
    other = FeatureRow("origin", "JFK", "delays", {}, 0, 0, 0)
    assert newest([old, new, other]) == newest([new, other, old]) == [new, other]
