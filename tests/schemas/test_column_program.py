from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.avro import load_schema, parse
from schemas.codec import Decoder, Encoder
from schemas.column import Words
from schemas.column_program import ColumnProgram
from schemas.errors import BadRecord
from schemas.table import Entry, Table
from tests.schemas.columnar import encoded, records, resolved
from tests.schemas.joining import joined
from tests.schemas.oracle import damaged, number

HEADER = bytes([0, 0, 0, 0, 7])


def decoder_of(writer: dict[str, Any], reader: dict[str, Any] | None = None) -> Decoder:
    def schema(id_: int) -> dict[str, Any]:
        if id_ not in (7, 8):
            raise BadRecord("unknown_schema", f"schema id {id_}: unknown")
        return writer

    return Decoder(reader or writer, schema)


def one_by_one(decoder: Decoder, values: list[bytes]) -> list[Entry]:
    found: list[Entry] = []
    for value in values:
        try:
            found.append(decoder.decode(value))
        except BadRecord as error:
            found.append(error)
    return found


def shown(entries: Any) -> list[str]:
    """Values with their types, the order of fields, the sign of zeros, and why something is none."""
    return [f"{entry.reason}: {entry}" if isinstance(entry, BadRecord) else repr(entry) for entry in entries]


@given(st.data())
def test_a_table_holds_what_each_record_is_decoded_to(data: st.DataObject) -> None:
    schema = data.draw(records)
    values = data.draw(st.lists(encoded(schema).map(HEADER.__add__), min_size=1, max_size=5))
    decoder = decoder_of(schema)
    assert ColumnProgram.of(parse(schema)) is not None
    assert shown(joined(decoder, values)) == shown(one_by_one(decoder, values))


@given(st.data())
def test_what_is_taken_of_a_table_are_its_records(data: st.DataObject) -> None:
    schema = data.draw(records)
    values = data.draw(st.lists(encoded(schema).map(HEADER.__add__), min_size=1, max_size=5))
    table = joined(decoder_of(schema), values)
    assume(isinstance(table, Table))
    readable = table.readable().tolist()
    assert readable == [place for place, entry in enumerate(table) if not isinstance(entry, BadRecord)]
    places = data.draw(st.lists(st.sampled_from(readable))) if readable else []
    assert shown(table.take(np.array(places, np.intp))) == shown(table[place] for place in places)


@given(st.data())
def test_damaged_records_are_refused_as_one_by_one_and_the_others_stand(data: st.DataObject) -> None:
    schema = data.draw(records)
    body = encoded(schema).map(HEADER.__add__)
    values = data.draw(st.lists(body | body.flatmap(damaged), min_size=1, max_size=5))
    decoder = decoder_of(schema)
    found, expected = joined(decoder, values), one_by_one(decoder, values)
    assert shown(found) == shown(expected)
    if isinstance(found, Table):
        assert list(found.errors) == [at for at, entry in enumerate(expected) if isinstance(entry, BadRecord)]


@given(st.data())
def test_a_reader_gets_what_each_record_is_resolved_to(data: st.DataObject) -> None:
    writer, reader = data.draw(resolved)
    body = encoded(writer).map(HEADER.__add__)
    values = data.draw(st.lists(body | body.flatmap(damaged), min_size=1, max_size=5))
    decoder = decoder_of(writer, reader)
    assert shown(joined(decoder, values)) == shown(one_by_one(decoder, values))


def record_of(*types: Any) -> dict[str, Any]:
    return {"type": "record", "name": "r", "fields": [{"name": f"f{at}", "type": one} for at, one in enumerate(types)]}


@pytest.mark.parametrize("name", ["departure", "flight", "landing", "phishing", "plane", "weather"])
def test_shipped_schemas_are_read_as_columns(name: str) -> None:
    assert ColumnProgram.of(parse(load_schema(name))) is not None


@pytest.mark.parametrize(
    "type_",
    [
        {"type": "array", "items": "int"},
        {"type": "map", "values": "int"},
        ["int", "string"],
        ["null", "int", "string"],
        {"type": "fixed", "name": "f", "size": 1 << 70},
        {"type": "record", "name": "s", "fields": [{"name": "x", "type": {"type": "array", "items": "int"}}]},
    ],
)
def test_fields_of_other_kinds_are_left_to_those_who_read_record_by_record(type_: Any) -> None:
    assert ColumnProgram.of(parse(record_of("int", type_))) is None


def test_a_type_may_be_named_again() -> None:
    kind = {"type": "enum", "name": "kind", "symbols": ["a", "b"]}
    pair = {"type": "record", "name": "s", "fields": [{"name": "x", "type": "kind"}, {"name": "y", "type": "double"}]}
    schema = {**record_of(kind, pair, ["null", "s"]), "namespace": "n"}
    decoder = decoder_of(schema)
    values = [
        HEADER + number(1) + number(0) + bytes(8) + rest for rest in (number(0), number(1) + number(1) + bytes(8))
    ]
    found = joined(decoder, values)
    assert isinstance(found, Table)
    assert shown(found) == shown(one_by_one(decoder, values))
    assert found.columns["f2"].tolist() == [None, {"x": "b", "y": 0.0}]


def test_a_schema_that_doubles_with_each_type_is_left_alone() -> None:
    schema: Any = "int"
    for depth in range(40):
        fields = [{"name": "a", "type": schema}, {"name": "b", "type": f"r{depth - 1}" if depth else "int"}]
        schema = {"type": "record", "name": f"r{depth}", "fields": fields}
    assert ColumnProgram.of(parse(schema)) is None
    assert ColumnProgram.of(parse(record_of(schema)), parse({**record_of(), "fields": []})) is None


def test_records_of_two_schemas_are_no_table() -> None:
    values = [Encoder(record_of("string"), id_).encode({"f0": "x"}) for id_ in (7, 8)]
    decoder = decoder_of(record_of("string"))
    assert isinstance(joined(decoder, values[:1]), Table)
    assert joined(decoder, values) == [{"f0": "x"}, {"f0": "x"}]


def test_what_was_refused_before_is_left_out() -> None:
    schema = record_of("int", "string")
    values = [Encoder(schema, 7).encode({"f0": 1, "f1": "x"}), b"", Encoder(schema, 7).encode({"f0": 2, "f1": "y"})]
    late = BadRecord("late", "too late")
    table = decoder_of(schema).decode_joined(b"".join(values), np.array([len(v) for v in values], np.int32), {1: late})
    assert isinstance(table, Table)
    assert list(table) == [{"f0": 1, "f1": "x"}, late, {"f0": 2, "f1": "y"}]
    assert table.columns["f1"].tolist() == ["x", None, "y"]


def test_columns_are_arrays_until_python_is_asked_for() -> None:
    schema = record_of("double", ["null", "long"], "string", {"type": "enum", "name": "e", "symbols": ["a", "b"]})
    rows = [(1.5, None, "x", "b"), (2.5, 7, "y", "a"), (3.5, 8, "x", "b")]
    values = [Encoder(schema, 7).encode({f"f{at}": value for at, value in enumerate(row)}) for row in rows]
    doubles, longs, strings, symbols = joined(decoder_of(schema), values).columns.values()
    assert (doubles.array.tolist(), doubles.valid, doubles.array.dtype) == ([1.5, 2.5, 3.5], None, np.float64)
    assert (longs.array[1:].tolist(), longs.valid.tolist()) == ([7, 8], [False, True, True])
    assert (strings.codes.tolist(), strings.words) == ([0, 1, 0], ["x", "y"])
    assert (symbols.codes.tolist(), symbols.words) == ([1, 0, 1], ["a", "b"])


def test_no_number_may_also_signal() -> None:
    decoder, values = decoder_of(record_of("float")), [HEADER + bytes.fromhex("010080 7f"), HEADER + bytes(4)]
    assert shown(joined(decoder, values)) == ["{'f0': nan}", "{'f0': 0.0}"]


def test_texts_are_those_that_python_takes() -> None:
    decoder = decoder_of(record_of("string"))
    edges = bytes.fromhex("00 7f 80 bf c1 c2 df e0 e1 ed ee f0 f1 f4 f5 8f 90 9f a0")
    texts = [bytes(text) for text in product(edges, edges, [0x41, 0x80, 0xBF, 0xC0], [0x80, 0xBF, 0x41])]
    values = [HEADER + number(len(text)) + text for text in texts]
    assert shown(joined(decoder, values)) == shown(one_by_one(decoder, values))


@given(st.lists(st.none() | st.text(max_size=3) | st.sampled_from(["a", "b"])))
def test_words_are_numbered_as_they_come(texts: list[str | None]) -> None:
    data = [(text or "").encode() for text in texts]
    ends = np.cumsum([len(one) for one in data], dtype=np.int64)
    spans = np.array([end - len(one) << 32 | len(one) for end, one in zip(ends.tolist(), data, strict=True)], np.int64)
    words = Words.within(b"".join(data), spans, np.array([text is not None for text in texts], np.bool_))
    assert words.tolist() == texts
    assert words.words == list(dict.fromkeys(text for text in texts if text is not None))
