"""Strategies for schemas whose records are read as columns, for those of their readers, and for bytes of both."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.schemas import oracle
from tests.schemas.oracle import number

_PLAIN = ["boolean", "int", "long", "float", "double", "bytes", "string", "null"]
_LOGICAL: list[tuple[Any, st.SearchStrategy[Any]]] = [
    ({"type": "long", "logicalType": "timestamp-millis"}, st.integers(-62_135_596_800_001, 253_402_300_800_000)),
    ({"type": "long", "logicalType": "timestamp-micros"}, st.integers(-(10**17), 10**18)),
    ({"type": "long", "logicalType": "local-timestamp-millis"}, st.integers(-(10**14), 10**15)),
    ({"type": "long", "logicalType": "local-timestamp-micros"}, st.integers(-(10**17), 10**18)),
    ({"type": "int", "logicalType": "date"}, st.integers(-719_163, 2_932_897)),
    ({"type": "int", "logicalType": "time-millis"}, st.integers(-2, 86_400_001)),
    ({"type": "long", "logicalType": "time-micros"}, st.integers(-2, 86_400_000_001)),
    ({"type": "string", "logicalType": "of-its-own"}, st.text(max_size=3)),
    ({"type": "long", "logicalType": "of-its-own"}, st.integers(-(1 << 63), (1 << 63) - 1)),
    ({"type": "string", "logicalType": "uuid"}, st.uuids().map(str) | st.uuids().map(lambda one: one.hex)),
    ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, st.binary(max_size=3)),
    ({"type": "string"}, st.sampled_from(["", "JFK", "EWR", "x" * 9, "ä", "日本語 and so on"])),
]
_WIDER: dict[str, list[Any]] = {
    "int": ["long", "float", "double", ["null", "long"]],
    "long": ["float", "double", ["double", "null"]],
    "float": ["double"],
    "string": ["bytes"],
    "bytes": ["string"],
}


def _sized(data: bytes) -> bytes:
    return number(len(data)) + data


def _of(value: Any) -> bytes:
    if isinstance(value, int):
        return number(value)
    return _sized(value if isinstance(value, bytes) else value.encode())


@st.composite
def encoded(draw: st.DrawFn, schema: Any) -> bytes:
    """Bytes of one value of `schema`."""
    for type_, values in _LOGICAL:
        if schema == type_:
            return _of(draw(values))
    if isinstance(schema, list):
        index = draw(st.integers(0, len(schema) - 1))
        return number(index) + draw(encoded(schema[index]))
    if isinstance(schema, dict) and schema["type"] == "record":
        return b"".join([draw(encoded(field["type"])) for field in schema["fields"]])
    return draw(oracle.encoded(schema))


def _record(types: list[Any]) -> dict[str, Any]:
    return {"type": "record", "fields": [{"name": f"f{at}", "type": type_} for at, type_ in enumerate(types)]}


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    solid = inner.map(_but_null)
    return st.one_of(
        solid.map(lambda type_: ["null", type_]),
        solid.map(lambda type_: [type_, "null"]),
        solid.map(lambda type_: [type_]),
        st.lists(inner, max_size=4).map(_record),
    )


def _but_null(type_: Any) -> Any:
    """The type, or what may be null there."""
    if isinstance(type_, list):
        return _but_null(next((branch for branch in type_ if branch != "null"), "null"))
    return "int" if type_ == "null" else type_


_LEAVES = st.one_of(
    st.sampled_from(_PLAIN),
    st.sampled_from([type_ for type_, _ in _LOGICAL]),
    st.sampled_from([["a", "b", "c"], ["a"], ["c", "d"]]).map(lambda symbols: {"type": "enum", "symbols": symbols}),
    st.integers(1, 4).map(lambda size: {"type": "fixed", "size": size}),
    st.builds(
        lambda size, scale: {"type": "fixed", "size": size, "logicalType": "decimal", "precision": 2, "scale": scale},
        st.integers(1, 4),
        st.integers(0, 2),
    ),
)


def _named(schema: Any, count: list[int]) -> Any:
    """The schema with a name for each type that has to have one."""
    if isinstance(schema, list):
        return [_named(branch, count) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    name = {}
    if schema["type"] in ("record", "enum", "fixed"):
        count[0] += 1
        name = {"name": f"T{count[0]}"}
    fields = (
        {"fields": [{**f, "type": _named(f["type"], count)} for f in schema["fields"]]} if "fields" in schema else {}
    )
    return {**schema, **name, **fields}


records = st.lists(st.recursive(_LEAVES, _around, max_leaves=5), min_size=1, max_size=6).map(
    lambda types: _named(_record(types), [0])
)
"""Schemas of records that columns are made of."""


@st.composite
def readers(draw: st.DrawFn, writer: Any) -> Any:
    """A type that may read what was written as `writer`."""
    if isinstance(writer, list):
        branches = [draw(readers(branch)) for branch in writer if branch != "null"]
        whole = [*(branch for branch in branches if not isinstance(branch, list)), "null"]
        return draw(st.sampled_from([writer, whole, whole[0]]))
    if isinstance(writer, str):
        return draw(
            st.sampled_from([writer, *_WIDER.get(writer, []), writer if writer == "null" else ["null", writer]])
        )
    match writer["type"]:
        case "record":
            return draw(_of_record(writer))
        case "enum":
            symbols = draw(st.lists(st.sampled_from("abcd"), min_size=1, unique=True))
            default = draw(st.sampled_from([{}, {"default": symbols[0]}]))
            return {**writer, "symbols": symbols, **default}
    return draw(st.sampled_from([writer, ["null", writer]]))


@st.composite
def _of_record(draw: st.DrawFn, writer: dict[str, Any]) -> dict[str, Any]:
    fields = []
    for field in writer["fields"]:
        match draw(st.sampled_from(["drop", "rename", "keep", "keep"])):
            case "keep":
                fields.append({"name": field["name"], "type": draw(readers(field["type"]))})
            case "rename":
                renamed = {"name": f"{field['name']}_new", "aliases": [field["name"]]}
                fields.append({**renamed, "type": draw(readers(field["type"]))})
    for place in range(draw(st.integers(0, 2))):
        type_, default = draw(
            st.sampled_from([("int", 3), ("double", 1), (["null", "string"], None), ("string", "x"), ("bytes", "\xff")])
        )
        fields.append({"name": f"added{place}", "type": type_, "default": default})
    return {**writer, "fields": draw(st.permutations(fields))}


resolved = records.flatmap(lambda writer: st.tuples(st.just(writer), _of_record(writer)))
"""A writer's schema, and that of a reader."""

flat = st.lists(
    st.one_of(
        st.sampled_from(["boolean", "int", "long", "double", "string", "bytes", ["null", "string"], ["long", "null"]]),
        st.sampled_from(["a", "b"]).map(lambda symbol: {"type": "enum", "symbols": ["a", symbol * 2]}),
    ),
    min_size=1,
    max_size=5,
).map(lambda types: _named(_record(types), [0]))
"""Schemas of flat records."""
