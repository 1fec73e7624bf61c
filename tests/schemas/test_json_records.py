from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID

import fastavro
import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.avro import load_schema, parse
from schemas.codec import Decoder, Encoder
from schemas.errors import Fatal
from schemas.json_records import json_reader
from schemas.json_values import Unfit
from tests.schemas.oracle import Reader, Refused, encoded, records

HEADER_BYTES = 5
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 65), 1 << 65) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["f0", "f1", "a"]), inner, max_size=3),
    max_leaves=5,
)


def one_field(type_: Any, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": "r", "fields": [{"name": "a", "type": type_, **more}]}


def through_fastavro(schema: dict[str, Any], record: dict[str, Any]) -> Any:
    """The record as fastavro reads what was written."""
    value = Encoder(schema, 7).encode(record)
    return fastavro.schemaless_reader(BytesIO(value[HEADER_BYTES:]), parse(schema), None)


def stored(type_: Any, value: Any) -> Any:
    """A value as fastavro finds it in Kafka, after it came as JSON."""
    sent = orjson.loads(orjson.dumps({"a": value}))
    schema = one_field(type_)
    return through_fastavro(schema, json_reader(schema)(sent))["a"]


def refusal(type_: Any, value: Any) -> str:
    with pytest.raises(Unfit) as caught:
        json_reader(one_field(type_))({"a": value})
    return f"{caught.value.field} {caught.value.message}"


def plain(value: Any) -> Any:
    """A value that Avro holds as people write it in JSON, which has no word for what is not finite."""
    match value:
        case float():
            return value if math.isfinite(value) else 1.5
        case bytes():
            return value.decode("latin-1")
        case datetime():
            return value.isoformat()
        case list():
            return [plain(item) for item in value]
        case dict():
            return {key: plain(held) for key, held in value.items()}
    return value


def drawn(data: st.DataObject, schema: dict[str, Any]) -> Any:
    """Any record of a schema, as JSON text."""
    try:
        return orjson.dumps(plain(Reader(data.draw(encoded(schema))).whole(schema)))
    except Refused:
        return assume(False)


@given(st.data())
def test_any_record_arrives_as_fastavro_reads_it(data: st.DataObject) -> None:
    schema = data.draw(records)
    sent = drawn(data, schema)
    arrived = through_fastavro(schema, json_reader(schema)(orjson.loads(sent)))
    assert orjson.dumps(plain(arrived)) == sent


@given(st.data(), ANY_JSON)
def test_any_json_is_a_record_that_fastavro_takes_or_is_refused(data: st.DataObject, value: Any) -> None:
    schema = data.draw(records)
    value = value if data.draw(st.booleans()) else orjson.loads(drawn(data, schema)) | {"a": value}
    try:
        record = json_reader(schema)(value)
    except Unfit:
        return
    assert fastavro.validate(record, parse(schema))
    through_fastavro(schema, record)


@given(
    st.integers(-(1 << 53), 1 << 53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.text()
    | st.none()
)
def test_fastavros_own_json_reader_agrees_where_there_is_no_union(value: Any) -> None:
    for kind in ("int", "long", "double", "boolean", "string", "null"):
        schema = one_field(kind)
        try:
            ours = json_reader(schema)({"a": value})
        except Unfit:
            continue
        [theirs] = fastavro.json_reader(StringIO(orjson.dumps({"a": value}).decode()), schema)
        assert ours == theirs


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("long", -(1 << 63), -(1 << 63)),
        ("double", 5, 5.0),
        ("float", 0.5, 0.5),
        ("bytes", "\u0000\u00ff", b"\0\xff"),
        ({"type": "long", "logicalType": "timestamp-millis"}, "2013-01-01T01:00:00.123999+01:00", 1356998400123),
        ({"type": "long", "logicalType": "timestamp-micros"}, "2013-01-01T00:00:00.000001Z", 1356998400000001),
        ({"type": "long", "logicalType": "timestamp-millis"}, -1, -1),
        (["null", {"type": "long", "logicalType": "timestamp-millis"}], "1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_numbers_and_instants(type_: Any, value: Any, expected: Any) -> None:
    found = stored(type_, value)
    if isinstance(found, datetime):
        assert "micros" in str(type_) or found.microsecond % 1000 == 0
        ticks = 1_000_000 if "micros" in str(type_) else 1_000
        found = round(found.timestamp() * ticks)
    assert found == expected


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ({"type": "long", "logicalType": "local-timestamp-millis"}, "2013-01-01T12:00:00", datetime(2013, 1, 1, 12)),
        ({"type": "int", "logicalType": "date"}, "2013-01-31", date(2013, 1, 31)),
        ({"type": "int", "logicalType": "date"}, 0, date(1970, 1, 1)),
        ({"type": "int", "logicalType": "time-millis"}, "23:59:59.999", time(23, 59, 59, 999_000)),
        ({"type": "long", "logicalType": "time-micros"}, "00:00:00.000001", time(0, 0, 0, 1)),
        ({"type": "string", "logicalType": "uuid"}, f"{UUID(int=7)}", UUID(int=7)),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, "12.30", Decimal("12.30")),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, -1.5, Decimal("-1.50")),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, 1e1, Decimal("10.00")),
        (
            {"type": "fixed", "name": "f", "size": 4, "logicalType": "decimal", "precision": 6, "scale": 3},
            "1.500000",
            Decimal("1.500"),
        ),
        ({"type": "string", "logicalType": "of-our-own"}, "kept", "kept"),
        (["float", "double"], 0.1, 0.1),
        (["double", "long"], (1 << 53) + 1, (1 << 53) + 1),
        (["int", "string"], "7", "7"),
        ({"type": "map", "values": ["null", "int"]}, {"x": 1, "y": None}, {"x": 1, "y": None}),
    ],
)
def test_other_values(type_: Any, value: Any, expected: Any) -> None:
    found = stored(type_, value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("type_", "value", "said"),
    [
        ("int", 1 << 31, "a is 2147483648, expected a whole number of 32 bits"),
        ("long", 1 << 63, "a is 9223372036854775808, expected a whole number of 64 bits"),
        ("long", 1.0, "a is 1.0, expected a whole number of 64 bits"),
        ("int", True, "a is true, expected a whole number of 32 bits"),
        ("int", "7", 'a is "7", expected a whole number of 32 bits'),
        ("double", True, "a is true, expected a finite number that fits a double"),
        ("double", math.nan, "a is nan, expected a finite number that fits a double"),
        ("float", 1e39, "a is 1e+39, expected a finite number that fits a float"),
        ("boolean", 1, "a is 1, expected true or false"),
        ("string", None, "a is null, expected a string"),
        ("null", 0, "a is 0, expected null"),
        ("bytes", "€", 'a is "€", expected a string of bytes'),
        ({"type": "fixed", "name": "f", "size": 2}, "a", 'a is "a", expected a string of 2 bytes'),
        ({"type": "enum", "name": "e", "symbols": ["x", "y"]}, "z", 'a is "z", expected one of x, y'),
        ({"type": "array", "items": "int"}, [1, None], "a[1] is null, expected a whole number of 32 bits"),
        ({"type": "map", "values": "int"}, {"k": "v"}, "a['k'] is \"v\", expected a whole number of 32 bits"),
        (one_field("int") | {"name": "inner"}, {}, "a.a is missing, and the schema has no default for it"),
        (one_field("int") | {"name": "inner"}, {"a": 1, "b": 2}, "a.b is not in the schema"),
        (["null", "int"], "x", 'a is "x", expected a whole number of 32 bits'),
        (["null", "int", "string"], 1.5, "a is 1.5, expected int or string or null"),
    ],
)
def test_what_does_not_fit_is_named(type_: Any, value: Any, said: str) -> None:
    assert refusal(type_, value) == said


@pytest.mark.parametrize(
    ("logical", "value"),
    [
        ("timestamp-millis", "2013-01-01T00:00:00"),
        ("timestamp-millis", "2013-01-01"),
        ("timestamp-millis", "yesterday"),
        ("timestamp-millis", 1 << 62),
        ("timestamp-millis", 1.5),
        ("timestamp-millis", "0001-01-01T00:00:00+14:00"),
        ("timestamp-micros", True),
        ("local-timestamp-millis", "2013-01-01T00:00:00Z"),
        ("time-micros", 86_400_000_000),
        ("time-micros", "12:00:00+01:00"),
    ],
)
def test_what_is_no_instant_is_refused(logical: str, value: Any) -> None:
    assert "expected a" in refusal({"type": "long", "logicalType": logical}, value)


@pytest.mark.parametrize("value", ["1.234", "123.00", "NaN", "Infinity", "x", "1E999999999", 0.1234567890123456, None])
def test_what_is_no_decimal_of_this_size_is_refused(value: Any) -> None:
    assert "expected a decimal" in refusal(
        {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, value
    )


@pytest.mark.parametrize(
    ("type_", "default", "expected"),
    [
        ("int", 7, 7),
        (["null", "int"], None, None),
        (["double", "long"], 1, 1.0),
        ("bytes", "\u00ff", b"\xff"),
        ({"type": "array", "items": "int"}, [], []),
        (one_field("int", default=3) | {"name": "inner"}, {}, {"a": 3}),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, "\u0001", Decimal("0.01")),
        ({"type": "int", "logicalType": "date"}, 1, date(1970, 1, 2)),
    ],
)
def test_a_default_takes_the_place_of_a_missing_field(type_: Any, default: Any, expected: Any) -> None:
    schema = one_field(type_, default=default)
    found = through_fastavro(schema, json_reader(schema)({}))["a"]
    assert (found, type(found)) == (expected, type(expected))


def test_a_default_that_is_no_value_of_its_type_is_an_error_of_the_schema() -> None:
    with pytest.raises(Fatal, match="Default value <x>"):
        json_reader(one_field("int", default="x"))


def test_a_shipped_schema_takes_iso_text() -> None:
    schema = load_schema("phishing")
    page = {field["name"]: 0.5 for field in schema["fields"]} | {"is_phishing": True, "seen_at": "2013-01-01T00:00:00Z"}
    value = Encoder(schema, 7).encode(json_reader(schema)(page))
    found = Decoder(schema, lambda _: schema).decode(value)
    assert found == page | {"seen_at": datetime(2013, 1, 1, tzinfo=UTC)}
