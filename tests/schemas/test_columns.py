from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.codec import Decoder, Encoder
from schemas.column import Maps, Numbers, Words
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
PLACE: dict[str, Any] = {
    "type": "record",
    "name": "e",
    "fields": [{"name": "north", "type": "double"}, {"name": "label", "type": ["string", "null"]}],
}
PLACES = st.fixed_dictionaries({"north": st.floats(), "label": st.none() | st.text()})
MADE_OF_OTHERS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (["null", {"type": "map", "values": "double"}], st.none() | st.dictionaries(st.text(), st.floats())),
    ({"type": "map", "values": ["null", "long"]}, st.dictionaries(st.text(), st.none() | LONGS)),
    ({"type": "array", "items": "string"}, st.lists(st.text())),
    (["null", {"type": "array", "items": ["double", "null"]}], st.none() | st.lists(st.none() | st.floats())),
    ({"type": "map", "values": {"type": "array", "items": INSTANT}}, st.dictionaries(st.text(), st.lists(INSTANTS))),
    (PLACE, PLACES),
    (["null", PLACE], st.none() | PLACES),
    ({"type": "array", "items": PLACE}, st.lists(PLACES)),
    ({"type": "record", "name": "e", "fields": []}, st.just({})),
]
CENTS = st.integers(-9999, 9999).map(lambda cents: Decimal(cents) / 100)
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}
STANDING_FOR_OTHERS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (DECIMAL, CENTS),
    (["null", DECIMAL], st.none() | CENTS),
    ({"type": "fixed", "name": "e", "size": 3, "logicalType": "decimal", "precision": 4, "scale": 2}, CENTS),
    ({"type": "fixed", "name": "e", "size": 2}, st.binary(min_size=2, max_size=2)),
    ({"type": "int", "logicalType": "date"}, st.dates()),
    (["null", {"type": "int", "logicalType": "date"}], st.none() | st.dates()),
    ({"type": "int", "logicalType": "time-millis"}, st.times()),
    ({"type": "long", "logicalType": "time-micros"}, st.times()),
    ({"type": "long", "logicalType": "local-timestamp-millis"}, st.datetimes()),
    ({"type": "long", "logicalType": "local-timestamp-micros"}, st.datetimes()),
    ({"type": "string", "logicalType": "uuid"}, st.uuids()),
    ({"type": "string", "logicalType": "of-its-own"}, st.text()),
]
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
    *MADE_OF_OTHERS,
    *STANDING_FOR_OTHERS,
    (["null", "int", "string"], st.none() | INTS | st.text()),
    (DECIMAL, st.decimals(allow_nan=False, places=3)),  # more digits than fit
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
    """The type with a name that no other field's has."""
    if isinstance(type_, list):
        return [_named(branch, position) for branch in type_]
    if not isinstance(type_, dict):
        return type_
    inner = {key: _named(type_[key], position) for key in ("items", "values") if key in type_}
    return type_ | inner | ({"name": f"e{position}"} if "name" in type_ else {})


def of_one_field(type_: Any) -> dict[str, Any]:
    return {"type": "record", "name": "r", "fields": [{"name": "a", "type": type_}]}


def one_by_one(schema: dict[str, Any], columns: dict[str, list[Any]]) -> list[bytes]:
    encoder = Encoder(schema, 7)
    return [encoder.encode(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def in_columns(schema: dict[str, Any], columns: Mapping[str, Any]) -> list[bytes]:
    values, sizes = ColumnEncoder(schema, 7).encode(columns)
    starts = sizes.cumsum() - sizes
    return [values[start : start + size] for start, size in zip(starts.tolist(), sizes.tolist(), strict=True)]


def or_refused(encoded: Callable[[], list[bytes]]) -> list[bytes] | str:
    try:
        return encoded()
    except BadRecord as error:
        return str(error)


@given(tables())
def test_columns_give_the_bytes_of_the_encoder_or_are_refused_as_by_it(
    table: tuple[dict[str, Any], dict[str, list[Any]]],
) -> None:
    assert or_refused(lambda: in_columns(*table)) == or_refused(lambda: one_by_one(*table))


@pytest.mark.parametrize(("type_", "values"), MADE_OF_OTHERS + STANDING_FOR_OTHERS)
@given(data=st.data())
def test_values_of_every_kind_are_written_together(type_: Any, values: st.SearchStrategy[Any], data: Any) -> None:
    drawn = data.draw(st.lists(values, min_size=1, max_size=4))
    field = FieldWriter.of(type_)
    assert field is not None
    assert field.write(drawn) is not None


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
    schema = of_one_field(type_)
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
        ({"type": "map", "values": "double"}, [{"a": 0.5}, {"a": None}]),
        ({"type": "map", "values": "double"}, [{"a": 0.5}, {1: 0.5}]),
        ({"type": "map", "values": "double"}, [{"a": 0.5}, None]),
        ({"type": "array", "items": "string"}, [["a"], ["b", 1]]),
        (PLACE, [{"north": 0.5, "label": "a"}, {"north": 0.5}]),
        (PLACE, [{"north": 0.5, "label": "a"}, {"north": 0.5, "label": "a", "south": 0.5}]),
        (DECIMAL, [Decimal("0.01"), Decimal("0.001")]),
        (DECIMAL, [Decimal("0.01"), Decimal("100.01")]),
        ({"type": "fixed", "name": "e", "size": 2}, [b"ab", b"c"]),
        ({"type": "int", "logicalType": "date"}, [date(2026, 11, 23), "the day after"]),
    ],
)
def test_a_value_does_not_fit_whatever_its_neighbours_are(type_: Any, values: list[Any]) -> None:
    schema = of_one_field(type_)
    with pytest.raises(BadRecord) as refused:
        ColumnEncoder(schema, 7).encode({"a": values})
    assert refused.value.reason == "wrong_type"


@given(st.data())
def test_flat_columns_that_were_read_are_written_as_they_came(data: st.DataObject) -> None:
    schema = data.draw(columnar.flat)
    values = data.draw(st.lists(columnar.encoded(schema).map(bytes([0, 0, 0, 0, 7]).__add__), min_size=1, max_size=5))
    table = joined(Decoder(schema, lambda _: schema), values)
    assert isinstance(table, Table)
    assert in_columns(schema, table.columns) == values


@given(st.data())
def test_columns_of_every_kind_that_were_read_are_written_as_their_records_are(data: st.DataObject) -> None:
    schema = data.draw(columnar.records)
    values = data.draw(st.lists(columnar.encoded(schema).map(bytes([0, 0, 0, 0, 7]).__add__), min_size=1, max_size=5))
    table = joined(Decoder(schema, lambda _: schema), values)
    assume(isinstance(table, Table) and not table.errors)
    records = {field["name"]: table.columns[field["name"]].tolist() for field in schema["fields"]}
    assert or_refused(lambda: in_columns(schema, table.columns)) == or_refused(lambda: one_by_one(schema, records))


def read_back(schema: dict[str, Any], payload: bytes) -> Table:
    table = joined(Decoder(schema, lambda _: schema), [bytes([0, 0, 0, 0, 7]) + payload])
    assert isinstance(table, Table)
    return table


def test_a_decimal_that_was_stored_in_more_bytes_than_it_needs_is_written_as_its_record_is() -> None:
    schema = of_one_field(DECIMAL)
    table = read_back(schema, bytes([2 * 3, 0, 0, 1]))
    assert in_columns(schema, table.columns) == one_by_one(schema, {"a": table.columns["a"].tolist()})


@pytest.mark.parametrize("fields", [PLACE["fields"][:1], [*PLACE["fields"], {"name": "south", "type": "double"}]])
def test_a_record_in_a_record_that_has_other_fields_is_refused(fields: list[Any]) -> None:
    table = read_back(of_one_field(PLACE), bytes([*bytes(8), 2]))
    with pytest.raises(BadRecord) as refused:
        in_columns(of_one_field({**PLACE, "fields": fields}), table.columns)
    assert refused.value.reason == "wrong_type"


@given(st.lists(st.none() | st.dictionaries(st.sampled_from("abc"), st.floats())))
def test_a_column_of_maps_is_as_good_as_a_list(maps: list[dict[str, float] | None]) -> None:
    given_maps = [each or {} for each in maps]
    words, keys = list("abc"), [key for each in given_maps for key in each]
    column = Maps(
        np.array([len(each) for each in given_maps], np.int64),
        Words.of(np.array([words.index(key) for key in keys], np.int32), words),
        Numbers(np.array([number for each in given_maps for number in each.values()], np.float64)),
        np.array([each is not None for each in maps], np.bool_),
    )
    schema = of_one_field(["null", {"type": "map", "values": "double"}])
    assert in_columns(schema, {"a": column}) == one_by_one(schema, {"a": maps})
    field = FieldWriter.of(schema["fields"][0]["type"])
    assert field is not None
    assert field.write(column) is not None


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
