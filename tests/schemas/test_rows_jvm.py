"""Rows become the bytes that Flink's converters would make of them, and fastavro."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Encoder
from schemas.wire import HEADER_BYTES
from tests.schemas.jvm_side import Jvm

MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
LONGS = st.integers(-(1 << 63), (1 << 63) - 1)
YEARS_MS = st.integers(-62135596800000, 253402300799999)
PLAIN: list[tuple[Any, st.SearchStrategy[Any]]] = [
    ("int", st.integers(-(1 << 31), (1 << 31) - 1)),
    ("long", LONGS),
    (MILLIS, YEARS_MS),
    ("double", st.floats(allow_nan=False)),
    ("float", st.floats(width=32, allow_nan=False)),
    ("boolean", st.booleans()),
    ("string", st.text()),
]
OTHERS: list[tuple[Any, Any]] = [
    ("bytes", b"\x00\xff"),
    ({"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}, Decimal("-12.50")),
    ({"type": "int", "logicalType": "date"}, 15_000),
    ({"type": "int", "logicalType": "time-millis"}, 1_000),
    ({"type": "long", "logicalType": "timestamp-micros"}, 1_700_000_000_000_001),
    ({"type": "array", "items": "long"}, [1, 2]),
    ({"type": "map", "values": "string"}, {"a": "b"}),
    ({"type": "record", "name": "inner", "fields": [{"name": "x", "type": ["null", "int"]}]}, {"x": None}),
]


@st.composite
def written(draw: st.DrawFn) -> tuple[dict[str, Any], bytes]:
    fields, record = [], {}
    for position, (type_, values) in enumerate(draw(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=6))):
        optional = draw(st.booleans())
        fields.append({"name": f"f{position}", "type": ["null", type_] if optional else type_})
        record[f"f{position}"] = draw(st.none() | values if optional else values)
    schema = {"type": "record", "name": "r", "fields": fields}
    return schema, Encoder(schema, 7).encode(record)[HEADER_BYTES:]


@given(case=written())
def test_rows_of_common_fields(jvm: Jvm, case: tuple[dict[str, Any], bytes]) -> None:
    schema, record = case
    assert jvm.row_encoded(schema, record) == (record, record)


@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize(("type_", "value"), OTHERS)
def test_fields_of_other_kinds_between_common_ones(jvm: Jvm, type_: Any, value: Any, optional: bool) -> None:
    kind = ["null", type_] if optional else type_
    names = {"a": "string", "b": kind, "c": "long"}
    schema = {"type": "record", "name": "r", "fields": [{"name": name, "type": t} for name, t in names.items()]}
    for given_value in (value, None) if optional else (value,):
        record = Encoder(schema, 7).encode({"a": "ä", "b": given_value, "c": -1})[HEADER_BYTES:]
        ours, flinks = jvm.row_encoded(schema, record)
        assert ours == flinks
