from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Decoder, Encoder
from schemas.errors import BadRecord, Fatal
from schemas.fitting import Fitting
from schemas.inference import infer_schema

MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


def record(type_: Any, name: str = "r", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": "x", "type": type_, **more}]}


def fitted(type_: Any, value: Any) -> Any:
    """A value as it is read again after it was made to fit and written."""
    schema = record(type_)
    value = Encoder(schema, 1).encode(Fitting(schema).fit({"x": value}))
    return Decoder(schema, lambda _: schema).decode(value)["x"]


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("int", "12", 12),
        ("long", 12.0, 12),
        ("double", "1e3", 1000.0),
        ("double", Decimal("0.25"), 0.25),
        ("boolean", "True", True),
        ("boolean", 0, False),
        ("bytes", "é", b"\xe9"),
        ("string", UUID(int=7), str(UUID(int=7))),
        (["null", "int"], None, None),
        (["null", "int"], "7", 7),
        (["null", "long", "string"], "7", "7"),
        (["null", {"type": "array", "items": "int"}], ["1", 2], [1, 2]),
        ({"type": "map", "values": "double"}, {"a": "1"}, {"a": 1.0}),
        (MILLIS, "2025-01-01T13:00:00+01:00", NOON),
        (MILLIS, datetime(2025, 1, 1, 12), NOON),
        (MILLIS, "1735732800000", NOON),
        (MILLIS, 1735732800000, NOON),
        ({"type": "int", "logicalType": "date"}, "2025-01-01", date(2025, 1, 1)),
        ({"type": "int", "logicalType": "time-millis"}, "12:30:00", time(12, 30)),
        (DECIMAL, "1.25", Decimal("1.25")),
        ({"type": "string", "logicalType": "uuid"}, UUID(int=7), UUID(int=7)),
        ({"type": "enum", "name": "e", "symbols": ["a"]}, "a", "a"),
        ({"type": "fixed", "name": "f", "size": 2}, "ab", b"ab"),
        (record("int", "s"), {"x": "1", "y": 2}, {"x": 1}),
    ],
)
def test_a_value_is_made_to_fit(type_: Any, value: Any, expected: Any) -> None:
    assert fitted(type_, value) == expected


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("int", "twelve"),
        ("int", 1.5),
        ("int", 1 << 31),
        ("int", True),
        ("long", float("inf")),
        ("double", "x"),
        ("double", True),
        ("double", None),
        ("boolean", "yes"),
        ("boolean", 2),
        ("string", 7),
        ("string", None),
        ("bytes", "€"),
        (["null", "int"], "x"),
        (MILLIS, "noon"),
        (MILLIS, date(2025, 1, 1)),
        (DECIMAL, "much"),
        ({"type": "enum", "name": "e", "symbols": ["a"]}, "b"),
        ({"type": "fixed", "name": "f", "size": 2}, "abc"),
        ({"type": "array", "items": "int"}, "1"),
        ({"type": "array", "items": "int"}, ["x"]),
        ({"type": "map", "values": "int"}, [1]),
        (record("int", "s"), {"x": "x"}),
        (record("int", "s"), 7),
    ],
)
def test_a_value_that_would_have_to_change_is_refused(type_: Any, value: Any) -> None:
    with pytest.raises(BadRecord, match='field "x"') as caught:
        fitted(type_, value)
    assert caught.value.reason == "wrong_type"


def test_what_is_missing_is_the_default_or_null_or_refused() -> None:
    assert Fitting(record("int", default=7)).fit({}) == {}
    assert Fitting(record(["null", "int"])).fit({}) == {"x": None}
    with pytest.raises(BadRecord, match='field "x": is missing'):
        Fitting(record("int")).fit({})


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text()


@given(st.fixed_dictionaries({"a": SCALARS, "b": st.dictionaries(st.sampled_from("xyz"), SCALARS, min_size=1)}))
def test_a_record_fits_the_schema_that_was_inferred_from_it(value: dict[str, Any]) -> None:
    schema = infer_schema("r", [value])
    Encoder(schema, 1).encode(Fitting(schema).fit(value))


@pytest.mark.parametrize(
    ("values", "text", "expected"),
    [
        ([1, 2], False, "long"),
        ([1, 2.5], False, "double"),
        ([1, "a"], False, "string"),
        ([None], False, "string"),
        ([True, None], False, "boolean"),
        ([NOON], False, "timestamp-micros"),
        ([date(2025, 1, 1)], False, "date"),
        (["2025-01-01T12:00:00Z"], False, "timestamp-micros"),
        (["2025-13-01T12:00:00Z"], False, "string"),
        (["7", "8"], False, "string"),
        (["7", "8"], True, "long"),
        (["007"], True, "string"),
        (["0.5"], True, "double"),
        (["true", None], True, "boolean"),
        (["1e3"], True, "double"),
        (["7", "x"], True, "string"),
    ],
)
def test_the_kind_of_a_field_is_that_of_all_its_values(values: list[Any], text: bool, expected: str) -> None:
    [field] = infer_schema("r", [{"x": value} for value in values], text=text)["fields"]
    assert field["type"][0] == "null"
    kind = field["type"][1]
    assert (kind.get("logicalType") if isinstance(kind, dict) else kind) == expected


def test_nothing_to_infer_from_is_said() -> None:
    with pytest.raises(Fatal, match="no record to infer it from"):
        infer_schema("r", [])
    with pytest.raises(Fatal, match='field "a b": not a name'):
        infer_schema("r", [{"a b": 1}])
