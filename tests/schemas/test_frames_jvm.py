"""Both sides of the border between the JVM and Python read and write the same frames, and refuse the same bytes."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Decoder
from schemas.errors import BadRecord
from schemas.frames import NO_EVENT_TIME, Frame, OutputRecord, Record, Status, pack, pack_output
from tests.schemas.jvm_side import Jvm
from tests.schemas.oracle import INSTANT, damaged, encoded, number, records

LONGS = st.integers(-(1 << 63), (1 << 63) - 1)
BLOBS = st.none() | st.binary(max_size=20)
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "reading",
    "fields": [{"name": "at", "type": INSTANT}, {"name": "warmth", "type": "double"}],
}


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    return pack(
        draw(
            st.lists(
                st.builds(
                    Record,
                    value=BLOBS,
                    key=BLOBS,
                    headers=st.binary(max_size=5),
                    event_time=LONGS,
                    arrival=LONGS,
                    partition=st.integers(0, (1 << 31) - 1),
                    offset=LONGS,
                    source=st.integers(0, (1 << 16) - 1),
                    status=st.sampled_from(list(Status)),
                ),
                max_size=20,
            )
        )
    )


@given(frame=frames())
def test_a_frame_taken_apart_and_put_together_in_java_is_the_same(jvm: Jvm, frame: Frame) -> None:
    assert jvm.ask(b"r", frame.encode()) == frame.encode()


HEADERS = st.lists(st.tuples(st.text(max_size=5).map(str.encode), BLOBS), max_size=3)
OUTPUTS = st.tuples(st.integers(0, 2), st.integers(0, (1 << 63) - 1), BLOBS, BLOBS, HEADERS)
Output = tuple[int, int, bytes | None, bytes | None, list[tuple[bytes, bytes | None]]]


@given(outputs=st.lists(OUTPUTS, max_size=20))
def test_java_writes_to_kafka_what_python_has_packed(jvm: Jvm, outputs: list[Output]) -> None:
    frame = pack_output(
        [
            OutputRecord(topic, value, key, b"".join(map(_header, headers)), timestamp)
            for topic, timestamp, key, value, headers in outputs
        ]
    )
    written = b"".join(
        struct.pack(">iq", topic, timestamp) + _sized(key) + _sized(value) + _all(headers)
        for topic, timestamp, key, value, headers in outputs
    )
    assert jvm.ask(b"u", frame.encode()) == written


def _header(header: tuple[bytes, bytes | None]) -> bytes:
    return _sized(header[0]) + _sized(header[1])


def _all(headers: list[tuple[bytes, bytes | None]]) -> bytes:
    return struct.pack(">i", len(headers)) + b"".join(map(_header, headers))


def _sized(blob: bytes | None) -> bytes:
    return struct.pack(">i", -1 if blob is None else len(blob)) + (blob or b"")


@given(data=st.data())
def test_both_sides_accept_what_is_one_record_of_its_schema(jvm: Jvm, data: st.DataObject) -> None:
    schema = data.draw(records)
    _both_agree(jvm, schema, data.draw(encoded(schema)))


UUID = {"type": "string", "logicalType": "uuid"}
TEN_BYTES = b"\xff" * 9
A_UUID = "123e4567-e89b-12d3-a456-426614174000"


def _text(text: str) -> bytes:
    return number(len(text)) + text.encode()


@pytest.mark.parametrize(
    ("type_", "payload", "whole"),
    [
        ("long", TEN_BYTES + b"\1", True),
        ("long", TEN_BYTES + b"\2", False),
        ("long", TEN_BYTES + b"\x7f", False),
        ("long", TEN_BYTES + b"\x80\1", False),
        ("int", b"\xff\xff\xff\xff\x0f", True),
        ("int", b"\xff\xff\xff\xff\x10", False),
        (["null", "int"], b"\x80\x80\x80\x80\x80\0", True),
        (["null", "int"], b"\x84\x80\x80\x80\x80\0", False),
        (UUID, _text(A_UUID), True),
        (UUID, _text("{" + A_UUID.upper() + "}"), True),
        (UUID, _text("urn:uuid:" + A_UUID.replace("-", "")), True),
        (UUID, _text("-{" + A_UUID + "}"), False),
        (UUID, _text(A_UUID[:-1]), False),
        (UUID, _text(A_UUID[:-1] + "g"), False),
        (UUID, _text(""), False),
    ],
)
def test_both_sides_know_the_last_bit_of_a_number_and_what_a_uuid_is(
    jvm: Jvm, type_: Any, payload: bytes, whole: bool
) -> None:
    schema = {"type": "record", "name": "r", "fields": [{"name": "a", "type": type_}]}
    assert jvm.accepts(schema, payload) == whole
    _both_agree(jvm, schema, payload)


@given(data=st.data())
def test_both_sides_accept_or_both_refuse_damaged_bytes(jvm: Jvm, data: st.DataObject) -> None:
    schema = data.draw(records)
    _both_agree(jvm, schema, data.draw(encoded(schema).flatmap(damaged)))


def _both_agree(jvm: Jvm, schema: dict[str, Any], payload: bytes) -> None:
    """What the JVM accepts decodes, walked again or not; what it refuses is corrupt."""
    if jvm.accepts(schema, payload):
        assert repr(_decoded(schema, payload, scanned=True)) == repr(_decoded(schema, payload, scanned=False))
    else:
        with pytest.raises(BadRecord) as refused:
            _decoded(schema, payload, scanned=False)
        assert refused.value.reason == "corrupt"


def _decoded(schema: dict[str, Any], payload: bytes, *, scanned: bool) -> dict[str, Any]:
    return Decoder(schema, {1: schema}.__getitem__, scanned=scanned).decode(b"\0\0\0\0\1" + payload)


@given(at=st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)), key=BLOBS, warmth=st.floats())
def test_the_source_reads_the_event_time_and_keeps_the_coordinates(
    jvm: Jvm, at: datetime, key: bytes | None, warmth: float
) -> None:
    ms = int(at.replace(tzinfo=UTC).timestamp() * 1000)
    value = b"\0\0\0\0\1" + number(ms) + struct.pack("<d", warmth)
    record = Record(value, key, arrival=ms, partition=3, offset=1 << 40)
    made = jvm.from_source(SCHEMA, SCHEMA, pack([record, Record(None, key, offset=1)]))
    assert made.keys_list() == [key, key]
    assert made.values_list() == [value, None]
    assert made.index["event_time"].tolist() == [ms, NO_EVENT_TIME]
    assert made.index["arrival"].tolist() == [ms, 0]
    assert made.index["partition"].tolist() == [3, 0]
    assert made.index["offset"].tolist() == [1 << 40, 1]
    finite = warmth - warmth == 0
    assert made.index["status"].tolist() == [Status.OK if finite else Status.NOT_FINITE, Status.NULL_VALUE]


AT, WARMTH = SCHEMA["fields"]
RENAMED = {"type": "record", "name": "measurement", "fields": [{**AT, "name": "time"}, WARMTH]}
ALIASES = {**SCHEMA, "aliases": ["measurement"], "fields": [{**AT, "aliases": ["time"]}, WARMTH]}


def _at(type_: Any) -> dict[str, Any]:
    return {**SCHEMA, "fields": [{**AT, "type": type_}, WARMTH]}


def _with_field(type_: Any) -> dict[str, Any]:
    return {**SCHEMA, "fields": [AT, WARMTH, {"name": "more", "type": type_}]}


@pytest.mark.parametrize(
    ("reader", "writer", "status"),
    [
        (ALIASES, RENAMED, Status.OK),
        (SCHEMA, RENAMED, Status.WRONG_TYPE),
        (SCHEMA, _at("long"), Status.WRONG_TYPE),
        (_at(["null", INSTANT]), _at("long"), Status.WRONG_TYPE),
        (SCHEMA, _at({"type": "long", "logicalType": "time-micros"}), Status.WRONG_TYPE),
        (ALIASES, {**RENAMED, "fields": [{**RENAMED["fields"][0], "type": "long"}, WARMTH]}, Status.WRONG_TYPE),
        (_at(["null", INSTANT]), SCHEMA, Status.OK),
        (SCHEMA, _with_field(["null", "string"]), Status.OK),
        (SCHEMA, _with_field(["null", "reading"]), Status.WRONG_TYPE),
        (SCHEMA, _with_field(["null", {"type": "array", "items": "reading"}]), Status.WRONG_TYPE),
        (SCHEMA, _with_field(["null", {"type": "array", "items": "null"}]), Status.WRONG_TYPE),
    ],
    ids=[
        "aliases",
        "another name",
        "a plain number",
        "a plain number for an instant or null",
        "a time of day",
        "a plain number by an alias",
        "an instant for an instant or null",
        "a field more",
        "recursive",
        "recursive in an array",
        "items without a size",
    ],
)
def test_both_sides_read_or_both_refuse_what_another_schema_has_written(
    jvm: Jvm, reader: dict[str, Any], writer: dict[str, Any], status: Status
) -> None:
    value = b"\0\0\0\0\1" + number(1_700_000_000_000) + struct.pack("<d", 1.5) + b"\0" * (len(writer["fields"]) - 2)
    made = jvm.from_source(reader, writer, pack([Record(value, arrival=1_700_000_000_000)]))
    assert made.index["status"].tolist() == [status]
    decoder = Decoder(reader, {1: writer}.__getitem__, scanned=True)
    if status is Status.OK:
        assert made.index["event_time"].tolist() == [1_700_000_000_000]
        assert decoder.decode(value) == {"at": datetime.fromtimestamp(1_700_000_000, UTC), "warmth": 1.5}
    else:
        with pytest.raises(BadRecord):
            decoder.decode(value)
