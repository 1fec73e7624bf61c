from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Decoder, Encoder
from schemas.column_reader import ColumnReader
from schemas.table import Table

MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
YEARS_MS = st.integers(-62135596800000, 253402300799999)
LONGS = st.integers(-(1 << 63), (1 << 63) - 1)
VALUES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    ("int", st.integers(-(1 << 31), (1 << 31) - 1)),
    ("long", LONGS),
    ({"type": "long"}, LONGS),
    (MILLIS, YEARS_MS),
    (MICROS, YEARS_MS.map(lambda ms: ms * 1000)),
    ("double", st.floats()),
    ("float", st.floats(width=32)),
    ("boolean", st.booleans()),
    ("string", st.text()),
    ("string", st.text("abc")),
    (["null", "double"], st.none() | st.floats()),
    (["string", "null"], st.none() | st.text()),
    (["null", MILLIS], st.none() | YEARS_MS),
    (["null", "long"], st.none() | LONGS),
]


def record_of(fields: list[Any]) -> dict[str, Any]:
    schema = [{"name": f"f{position}", "type": type_} for position, type_ in enumerate(fields)]
    return {"type": "record", "name": "r", "fields": schema}


@st.composite
def written(draw: st.DrawFn) -> tuple[dict[str, Any], list[bytes]]:
    fields = draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=6))
    schema = record_of([type_ for type_, _ in fields])
    rows = draw(st.lists(st.tuples(*(values for _, values in fields)), min_size=1, max_size=8))
    encoder = Encoder(schema, 7)
    return schema, [encoder.encode({f"f{at}": value for at, value in enumerate(row)}) for row in rows]


def table_of(schema: dict[str, Any], values: list[bytes]) -> Table | None:
    decoder = Decoder(schema, {7: schema, 8: schema}.__getitem__, scanned=True)
    return decoder.decode_table(b"".join(values), np.array([len(value) for value in values], np.int32))


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.copysign(1, one) == math.copysign(1, other) and (
            one == other or (math.isnan(one) and math.isnan(other))
        )
    return type(one) is type(other) and one == other


@given(written())
def test_a_table_holds_what_each_record_is_decoded_to(case: tuple[dict[str, Any], list[bytes]]) -> None:
    schema, values = case
    one_by_one = Decoder(schema, {7: schema}.__getitem__)
    expected = [one_by_one.decode(value) for value in values]
    found = table_of(schema, values)
    if found is None:  # instants of a fixed size may need a strict look
        assert ColumnReader.of(schema) is not None
        assert {str(field["type"]) for field in schema["fields"]} <= {
            str(t) for t in (MILLIS, "double", "float", "boolean")
        }
        return
    assert [list(record) for record in found] == [list(record) for record in expected]
    for record, wanted in zip(found, expected, strict=True):
        assert all(same(record[name], wanted[name]) for name in wanted)


def test_records_of_two_schemas_are_no_table() -> None:
    schema = record_of(["string"])
    values = [Encoder(schema, id_).encode({"f0": "x"}) for id_ in (7, 8)]
    assert table_of(schema, values[:1]) is not None
    assert table_of(schema, values) is None


def test_an_instant_that_python_does_not_know_is_left_to_those_who_read_record_by_record() -> None:
    schema = record_of([MILLIS, "string"])
    plain = record_of(["long", "string"])
    for number in (1 << 62, -(1 << 63), 253402300800000):
        assert table_of(schema, [Encoder(plain, 7).encode({"f0": number, "f1": ""})]) is None


@pytest.mark.parametrize("type_", ["bytes", {"type": "array", "items": "int"}, ["int", "string"], ["null", "bytes"]])
def test_fields_of_other_kinds_are_left_to_those_who_read_record_by_record(type_: Any) -> None:
    assert ColumnReader.of(record_of(["int", type_])) is None
