from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.avro import load_schema
from schemas.codec import Decoder, Encoder
from schemas.errors import BadRecord, Fatal
from tests.schemas.joining import joined
from tests.schemas.oracle import INSTANT, Reader, Refused, damaged, encoded, flat_records, number, records

HEADER = bytes([0, 0, 0, 0, 7])
AT = datetime(2013, 1, 1, 10, 15, tzinfo=UTC)
FLIGHT = {
    "flight_id": "UA-1545-2013-01-01T10:15Z-EWR",
    "scheduled_at": AT,
    "departed_at": AT,
    "carrier": "UA",
    "flight": 1545,
    "tailnum": None,
    "origin": "EWR",
    "dest": "IAH",
    "distance": 1400.0,
    "cancelled": False,
    "dep_delay": 2.0,
    "arr_delay": None,
    "late": None,
}


def one_field(type_: Any, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": "r", "fields": [{"name": "a", "type": type_, **more}]}


def known(schema: dict[str, Any]) -> Callable[[int], dict[str, Any]]:
    def writer(id_: int) -> dict[str, Any]:
        if id_ != 7:
            raise BadRecord("unknown_schema", f"schema id {id_}: unknown")
        return schema

    return writer


def decoder(reader: dict[str, Any], writer: dict[str, Any] | None = None) -> Decoder:
    return Decoder(reader, known(writer or reader))


def outcome(decoder: Decoder, value: bytes | None) -> str:
    try:
        return repr(decoder.decode(value))
    except BadRecord as error:
        return error.reason


def expected(schema: dict[str, Any], data: bytes) -> str:
    try:
        return repr(Reader(data).whole(schema))
    except Refused:
        return "corrupt"


def shown(results: Iterable[dict[str, Any] | BadRecord]) -> list[str]:
    return [result.reason if isinstance(result, BadRecord) else repr(result) for result in results]


@given(st.data())
def test_decodes_what_the_oracle_decodes(data: st.DataObject) -> None:
    schema = data.draw(records)
    body = data.draw(encoded(schema))
    assert outcome(decoder(schema), HEADER + body) == expected(schema, body)


@given(st.data())
def test_damaged_bytes_are_what_the_oracle_says_or_corrupt(data: st.DataObject) -> None:
    schema = data.draw(records)
    body = data.draw(st.binary(max_size=20) | encoded(schema).flatmap(damaged))
    assert outcome(decoder(schema), HEADER + body) == expected(schema, body)


@given(st.data())
def test_a_reader_of_any_schema_gets_a_record_of_its_fields_or_a_reason(data: st.DataObject) -> None:
    writer = data.draw(records) | {"name": "R"}
    reader = data.draw(records) | {"name": "R"}
    [result] = joined(decoder(reader, writer), [HEADER + data.draw(encoded(writer))])
    if isinstance(result, BadRecord):
        assert result.reason in ("corrupt", "wrong_type")
    else:
        assert result.keys() == {field["name"] for field in reader["fields"]}


@given(st.data())
def test_decoding_together_gives_what_decoding_each_gives(data: st.DataObject) -> None:
    schema = data.draw(flat_records | records)
    body = encoded(schema)
    values = data.draw(
        st.lists(
            body.map(HEADER.__add__)
            | body.flatmap(damaged).map(HEADER.__add__)
            | body.map(bytes([0, 0, 0, 0, 9]).__add__)
            | st.none()
            | st.binary(max_size=8)
        )
    )
    both = decoder(schema)
    assert shown(joined(both, values)) == [outcome(both, value) for value in values]


@given(st.floats(), st.booleans(), st.datetimes(timezones=st.just(UTC)), st.none() | st.text())
def test_a_record_survives_the_round_trip(delay: float, cancelled: bool, at: datetime, tail: str | None) -> None:
    schema = load_schema("flight")
    at = at.replace(microsecond=at.microsecond // 1000 * 1000, fold=0)
    flight = FLIGHT | {"dep_delay": delay, "cancelled": cancelled, "departed_at": at, "tailnum": tail}
    assert repr(decoder(schema).decode(Encoder(schema, 7).encode(flight))) == repr(flight)


@pytest.mark.parametrize("name", ["flight", "phishing", "dead_letter"])
def test_shipped_schemas_are_read(name: str) -> None:
    assert outcome(decoder(load_schema(name)), HEADER) == "corrupt"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "null_value"),
        (b"", "no_magic"),
        (b"\0\0\0\0", "no_magic"),
        (b"{\0\0\0\7", "no_magic"),
        (b"\0\0\0\0\6\1", "unknown_schema"),
        (HEADER, "corrupt"),
        (HEADER + b"\2", "corrupt"),
        (HEADER + b"\1\1", "corrupt"),
    ],
)
def test_what_is_no_record_has_a_reason(value: bytes | None, reason: str) -> None:
    booleans = decoder(one_field("boolean"))
    assert outcome(booleans, value) == reason
    assert shown(joined(booleans, [value, HEADER + b"\1"])) == [reason, "{'a': True}"]


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        (["null", "string"], b"\1\2a"),
        (["null", "string"], b"\4\2a"),
        ({"type": "enum", "name": "e", "symbols": ["A", "B"]}, b"\1"),
        ("int", number(1 << 31)),
        ("long", b"\xff" * 10 + b"\1"),
        ("string", b"\2\xff"),
        ("string", b"\6\xed\xa0\x80"),
        ({"type": "array", "items": "double"}, number(1 << 60)),
        (INSTANT, number(200_000 * 365 * 86_400_000)),
        (INSTANT, number((1 << 63) - 1)),
    ],
)
def test_what_fastavro_would_let_pass_is_corrupt(type_: Any, data: bytes) -> None:
    assert outcome(decoder(one_field(type_)), HEADER + data) == "corrupt"


def test_not_a_number_is_a_number() -> None:
    record = decoder(one_field("double")).decode(HEADER + struct.pack("<d", math.nan))
    assert math.isnan(record["a"])


@pytest.mark.parametrize(
    ("writer", "reader", "data", "record"),
    [
        ("int", "double", number(3), {"a": 3.0}),
        ("string", ["null", "string"], b"\2x", {"a": "x"}),
        ("bytes", "string", b"\2x", {"a": "x"}),
        (
            {**INSTANT, "logicalType": "timestamp-micros"},
            INSTANT,
            number(1_000),
            {"a": datetime(1970, 1, 1, 0, 0, 0, 1000, UTC)},
        ),
    ],
)
def test_a_writer_may_differ(writer: Any, reader: Any, data: bytes, record: dict[str, Any]) -> None:
    assert decoder(one_field(reader), one_field(writer)).decode(HEADER + data) == record


@pytest.mark.parametrize(
    ("writer", "reader", "data"),
    [
        ("string", "double", b"\2x"),
        ("double", "int", b"\0" * 8),
        (["null", "string"], "string", b"\0"),
        ("long", INSTANT, number(1)),
        (INSTANT, "long", number(1)),
    ],
)
def test_a_writer_of_another_type_is_refused(writer: Any, reader: Any, data: bytes) -> None:
    assert outcome(decoder(one_field(reader), one_field(writer)), HEADER + data) == "wrong_type"


def test_a_field_without_a_default_is_needed() -> None:
    writer = {"type": "record", "name": "r", "fields": []}
    assert outcome(decoder(one_field("string"), writer), HEADER) == "wrong_type"


@pytest.mark.parametrize(
    ("type_", "default", "value"),
    [
        ("string", "x", "x"),
        ("bytes", "\xff", b"\xff"),
        (["null", "double"], None, None),
        ("double", 1, 1.0),
        (INSTANT, 0, datetime(1970, 1, 1, tzinfo=UTC)),
        (["null", INSTANT], 0, datetime(1970, 1, 1, tzinfo=UTC)),
        (["null", "double"], 1, 1.0),
        ({"type": "int", "logicalType": "date"}, 1, date(1970, 1, 2)),
        ({"type": "long", "logicalType": "time-micros"}, 1, time(0, 0, 0, 1)),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, "\x01", Decimal("0.01")),
    ],
)
def test_defaults_are_values(type_: Any, default: Any, value: Any) -> None:
    writer = {"type": "record", "name": "r", "fields": []}
    record = decoder(one_field(type_, default=default), writer).decode(HEADER)
    assert (record, type(record["a"])) == ({"a": value}, type(value))


def test_a_writer_that_is_no_record_is_of_the_wrong_type() -> None:
    reader = Decoder(one_field("string"), {7: "string"}.__getitem__)  # type: ignore[arg-type]
    assert outcome(reader, HEADER + b"\2x") == "wrong_type"


def test_a_writer_schema_that_is_none_is_unknown() -> None:
    assert outcome(decoder(one_field("string"), {"type": "nonsense"}), HEADER) == "unknown_schema"


def test_a_schema_is_asked_for_once() -> None:
    asked = []

    def writer(id_: int) -> dict[str, Any]:
        asked.append(id_)
        return one_field("double") if id_ == 7 else {"type": "nonsense"}

    reader = Decoder(one_field("double"), writer)
    for value in (HEADER + bytes(8), HEADER + bytes(8), b"\0\0\0\0\1", b"\0\0\0\0\1"):
        outcome(reader, value)
    assert asked == [7, 1]


@pytest.mark.parametrize("schema", ["string", one_field("r"), one_field("nonsense")])
def test_a_reader_that_is_no_record_schema_is_fatal(schema: Any) -> None:
    with pytest.raises(Fatal):
        Decoder(schema, known({}))


def test_the_framing_is_confluents() -> None:
    assert Encoder(one_field("string"), 0x01020304).encode({"a": "b"}) == b"\0\1\2\3\4\2b"


@pytest.mark.parametrize("type_", ["int", {"type": "int"}])
@pytest.mark.parametrize("record", [{}, {"a": None}, {"a": 1 << 40}, {"a": "x"}, {"a": 1, "b": 2}, {"a": 1.5}])
def test_a_record_that_does_not_fit_is_not_written(type_: Any, record: dict[str, Any]) -> None:
    with pytest.raises(BadRecord) as caught:
        Encoder(one_field(type_), 7).encode(record)
    assert caught.value.reason == "wrong_type"


@pytest.mark.parametrize("type_", ["boolean", {"type": "boolean"}])
@pytest.mark.parametrize("value", [None, "x", 0.5, [True], {}])
def test_what_is_neither_true_nor_false_is_no_boolean(type_: Any, value: Any) -> None:
    with pytest.raises(BadRecord) as caught:
        Encoder(one_field(type_), 7).encode({"a": value})
    assert caught.value.reason == "wrong_type"
