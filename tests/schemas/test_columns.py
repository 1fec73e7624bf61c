from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Decoder, Encoder
from schemas.column_writing import FieldWriter
from schemas.columns import ColumnEncoder
from schemas.errors import BadRecord
from schemas.table import Table
from schemas.wire import prediction_schema
from tests.schemas import columnar
from tests.schemas.joining import joined

INSTANT = {"type": "long", "logicalType": "timestamp-millis"}
LONGS = st.integers(-(1 << 63), (1 << 63) - 1)
INTS = st.integers(-(1 << 31), (1 << 31) - 1)
INSTANTS = st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=-5))))
VALUES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    ("int", INTS),
    ("long", LONGS),
    (INSTANT, LONGS),
    (INSTANT, INSTANTS),
    ({"type": "long", "logicalType": "timestamp-micros"}, INSTANTS),
    (["null", INSTANT], st.none() | INSTANTS),
    (INSTANT, st.datetimes()),  # of no time zone
    ("double", st.floats()),
    ("boolean", st.booleans()),
    (["null", "int"], st.none() | INTS),
    (["null", "long"], st.none() | LONGS),
    (["null", "double"], st.none() | st.floats()),
    (["null", "boolean"], st.none() | st.booleans()),
    ("string", st.text()),
    (["null", "string"], st.none() | st.text()),
    ("float", st.floats(width=32)),
    (["string", "null"], st.none() | st.text()),
    (["null", "float"], st.none() | st.floats(width=32)),
    ("bytes", st.binary()),
    ({"type": "enum", "name": "e", "symbols": ["a", "b"]}, st.sampled_from("ab")),
    ({"type": "map", "values": "double"}, st.dictionaries(st.text(), st.floats())),
]


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    fields = draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=6))
    count = draw(st.integers(0, 8))
    schema = [{"name": f"f{position}", "type": _named(type_, position)} for position, (type_, _) in enumerate(fields)]
    columns = {
        f"f{position}": draw(st.lists(values, min_size=count, max_size=count))
        for position, (_, values) in enumerate(fields)
    }
    return {"type": "record", "name": "r", "fields": schema}, columns


def _named(type_: Any, position: int) -> Any:
    return {**type_, "name": f"e{position}"} if isinstance(type_, dict) and type_["type"] == "enum" else type_


def one_by_one(schema: dict[str, Any], columns: dict[str, list[Any]]) -> list[bytes]:
    encoder = Encoder(schema, 7)
    return [encoder.encode(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


@given(tables())
def test_columns_give_the_bytes_of_the_encoder(table: tuple[dict[str, Any], dict[str, list[Any]]]) -> None:
    schema, columns = table
    values, sizes = ColumnEncoder(schema, 7).encode(columns)
    expected = one_by_one(schema, columns)
    assert values == b"".join(expected)
    assert sizes.tolist() == [len(value) for value in expected]


@given(st.lists(INSTANTS, min_size=1), st.sampled_from(["timestamp-millis", "timestamp-micros"]))
def test_instants_are_written_together(instants: list[Any], unit: str) -> None:
    field = FieldWriter.of({"type": "long", "logicalType": unit})
    assert field is not None
    assert field.write(instants) is not None


@given(st.lists(LONGS, min_size=1))
def test_an_array_is_as_good_as_a_list(numbers: list[int]) -> None:
    schema = {"type": "record", "name": "r", "fields": [{"name": "n", "type": "long"}]}
    values, _ = ColumnEncoder(schema, 7).encode({"n": np.array(numbers, np.int64)})
    assert values == b"".join(one_by_one(schema, {"n": numbers}))


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("long", 0.5),
        ("long", 1 << 63),
        ("int", 1 << 31),
        ("double", "x"),
        ("string", 1),
        ("string", "\ud800"),
        ("string", None),
        ("boolean", None),
        ("boolean", 0.5),
        ({"type": "enum", "name": "e", "symbols": ["a"]}, "b"),
        (["null", "boolean"], "x"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_as_by_the_encoder(type_: Any, value: Any) -> None:
    schema = {"type": "record", "name": "r", "fields": [{"name": "a", "type": type_}]}
    with pytest.raises(BadRecord) as refused:
        ColumnEncoder(schema, 7).encode({"a": [value]})
    assert refused.value.reason == "wrong_type"


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (["null", "double"], [0.5, True]),
        (["null", "long"], [1, True]),
        ("double", [[0.5], [1.5]]),
        ("float", [[0.5], [1.5, 2.5]]),
        ("long", [[1], [2, 3]]),
        ("boolean", [[True], [True, False]]),
        ("boolean", [True, None]),
    ],
)
def test_a_value_does_not_fit_whatever_its_neighbours_are(type_: Any, values: list[Any]) -> None:
    schema = {"type": "record", "name": "r", "fields": [{"name": "a", "type": type_}]}
    with pytest.raises(BadRecord) as refused:
        ColumnEncoder(schema, 7).encode({"a": values})
    assert refused.value.reason == "wrong_type"


@given(st.data())
def test_columns_that_were_read_are_written_as_they_came(data: st.DataObject) -> None:
    schema = data.draw(columnar.flat)
    values = data.draw(st.lists(columnar.encoded(schema).map(bytes([0, 0, 0, 0, 7]).__add__), min_size=1, max_size=5))
    table = joined(Decoder(schema, lambda _: schema), values)
    assert isinstance(table, Table)
    found, sizes = ColumnEncoder(schema, 7).encode(table.columns)
    assert (found, sizes.tolist()) == (b"".join(values), [len(value) for value in values])


def test_predictions_of_every_kind() -> None:
    said: dict[str, Any] = {"boolean": True, "double": 0.5, "string": "UA", "int": 3, "long": 1 << 40}
    for label_type, prediction in said.items():
        schema = prediction_schema(label_type)
        columns = {
            "partition": [0, 3],
            "offset": [0, 1 << 50],
            "event_time": [0, 1_357_034_100_000],
            "prediction": [None, prediction],
            "probability": [None, 0.25],
            "probabilities": [{}, {"a": 0.25}],
            "epoch": [1, 1],
            "count": [0, 300],
        }
        names = [field["name"] for field in schema["fields"]]
        values, _ = ColumnEncoder(schema, 9).encode({name: columns[name] for name in names})
        encoder = Encoder(schema, 9)
        rows = [{name: columns[name][row] for name in names} for row in range(2)]
        assert values == b"".join(encoder.encode(row) for row in rows)
