"""A second, slow and strict reader of Avro binary, and strategies for schemas and bytes: what the codec is held to."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

INSTANT = {"type": "long", "logicalType": "timestamp-millis"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Refused(Exception):
    """The bytes are not exactly one value."""


class Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def whole(self, schema: Any) -> Any:
        """The value that takes up all bytes. Raises Refused."""
        value = self.value(schema)
        self._expect(self._at == len(self._data))
        return value

    def value(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return self.value(self._one_of(schema))
        return self._primitive(schema) if isinstance(schema, str) else self._complex(schema)

    def _complex(self, schema: dict[str, Any]) -> Any:
        match schema["type"]:
            case "record":
                return {field["name"]: self.value(field["type"]) for field in schema["fields"]}
            case "enum":
                return self._one_of(schema["symbols"])
            case "fixed":
                return self._take(schema["size"])
            case "array":
                return self._items(schema["items"])
            case "map":
                pair = {
                    "type": "record",
                    "fields": [{"name": "k", "type": "string"}, {"name": "v", "type": schema["values"]}],
                }
                return {item["k"]: item["v"] for item in self._items(pair)}
        return self._instant(self._number(64))

    def _primitive(self, kind: str) -> Any:
        match kind:
            case "null":
                return None
            case "boolean":
                byte = self._take(1)
                self._expect(byte in (b"\0", b"\1"))
                return byte == b"\1"
            case "int" | "long":
                return self._number(32 if kind == "int" else 64)
            case "float" | "double":
                return struct.unpack("<f" if kind == "float" else "<d", self._take(4 if kind == "float" else 8))[0]
        data = self._take(self._number(64))
        return data if kind == "bytes" else self._text(data)

    def _text(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise Refused from None

    def _instant(self, ms: int) -> datetime:
        try:
            return EPOCH + timedelta(milliseconds=ms)
        except OverflowError:
            raise Refused from None

    def _items(self, schema: Any) -> list[Any]:
        items = []
        while count := self._number(64):
            end = None
            if count < 0:
                size = self._number(64)
                count, end = -count, self._at + size
            self._expect(count <= len(self._data))
            items += [self.value(schema) for _ in range(count)]
            self._expect(end in (None, self._at))
        return items

    def _one_of(self, choices: list[Any]) -> Any:
        index = self._number(64)
        self._expect(0 <= index < len(choices))
        return choices[index]

    def _number(self, bits: int) -> int:
        zigzag, shift = 0, 0
        while True:
            byte = self._take(1)[0]
            zigzag |= (byte & 0x7F) << shift
            shift += 7
            self._expect(shift < bits + 7)
            if byte < 0x80:
                break
        self._expect(zigzag < 1 << bits)
        return (zigzag >> 1) ^ -(zigzag & 1)

    def _take(self, size: int) -> bytes:
        self._expect(0 <= size <= len(self._data) - self._at)
        self._at += size
        return self._data[self._at - size : self._at]

    def _expect(self, holds: bool) -> None:
        if not holds:
            raise Refused


def number(value: int) -> bytes:
    """A whole number as Avro writes it."""
    zigzag = (value << 1) ^ (value >> 63)
    out = bytearray()
    while zigzag > 0x7F:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    return bytes([*out, zigzag])


def _sized(data: bytes) -> bytes:
    return number(len(data)) + data


_BYTES: dict[str, st.SearchStrategy[bytes]] = {
    "null": st.just(b""),
    "boolean": st.sampled_from([b"\0", b"\1"]),
    "int": st.integers(-(1 << 31), (1 << 31) - 1).map(number),
    "long": st.integers(-(1 << 63), (1 << 63) - 1).map(number),
    "float": st.floats(width=32).map(lambda x: struct.pack("<f", x)),
    "double": st.floats().map(lambda x: struct.pack("<d", x)),
    "bytes": st.binary(max_size=8).map(_sized),
    "string": st.text(max_size=8).map(lambda text: _sized(text.encode())),
}
_INSTANTS = st.one_of(
    st.integers(0, 1 << 41), st.integers(-62_135_596_800_000, 253_402_300_799_999), st.integers(1 << 52, 1 << 62)
).map(number)


@st.composite
def encoded(draw: st.DrawFn, schema: Any) -> bytes:
    """Bytes of one value of `schema`."""
    if isinstance(schema, list):
        index = draw(st.integers(0, len(schema) - 1))
        return number(index) + draw(encoded(schema[index]))
    if isinstance(schema, str):
        return draw(_BYTES[schema])
    match schema["type"]:
        case "record":
            return b"".join(draw(encoded(field["type"])) for field in schema["fields"])
        case "array":
            return draw(_blocks(encoded(schema["items"])))
        case "map":
            return draw(_blocks(st.tuples(_BYTES["string"], encoded(schema["values"])).map(b"".join)))
    return draw(_leaf(schema))


def _leaf(schema: dict[str, Any]) -> st.SearchStrategy[bytes]:
    match schema["type"]:
        case "enum":
            return st.integers(0, len(schema["symbols"]) - 1).map(number)
        case "fixed":
            return st.binary(min_size=schema["size"], max_size=schema["size"])
    return _INSTANTS


@st.composite
def _blocks(draw: st.DrawFn, item: st.SearchStrategy[bytes]) -> bytes:
    out = b""
    for block in draw(st.lists(st.lists(item, min_size=1, max_size=3), max_size=2)):
        body = b"".join(block)
        out += number(-len(block)) + number(len(body)) if draw(st.booleans()) else number(len(block))
        out += body
    return out + number(0)


_FLAT = st.sampled_from(["boolean", "float", "double", INSTANT])
_LEAVES = st.sampled_from(["null", "boolean", "int", "long", "float", "double", "bytes", "string", INSTANT])


def _unnamed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    solid = inner.filter(lambda schema: not _empty(schema))
    return st.one_of(
        solid.map(lambda items: {"type": "array", "items": items}),
        inner.map(lambda values: {"type": "map", "values": values}),
        st.lists(_LEAVES.filter(lambda leaf: leaf != INSTANT), min_size=1, max_size=4, unique=True),
        inner.filter(lambda schema: schema != "null" and not isinstance(schema, list)).map(lambda one: ["null", one]),
        st.lists(inner, min_size=1, max_size=3).map(lambda types: _record(types, "")),
        st.just({"type": "enum", "symbols": ["a", "b", "c"]}),
        st.integers(1, 4).map(lambda size: {"type": "fixed", "size": size}),
    )


def _empty(schema: Any) -> bool:
    if not isinstance(schema, dict) or "fields" not in schema:
        return bool(schema == "null")
    return all(_empty(field["type"]) for field in schema["fields"])


def _record(types: list[Any], prefix: str) -> dict[str, Any]:
    fields = [{"name": f"{prefix}f{position}", "type": type_} for position, type_ in enumerate(types)]
    return {"type": "record", "fields": fields}


def _name(schema: Any, count: list[int]) -> Any:
    if isinstance(schema, list):
        return [_name(part, count) for part in schema]
    if not isinstance(schema, dict):
        return schema
    named = {word: _name(part, count) for word, part in schema.items() if word != "name" or "size" in schema}
    if schema.get("type") in ("record", "enum", "fixed"):
        count[0] += 1
        named["name"] = f"T{count[0]}"
    elif "name" in schema:
        named["name"] = schema["name"]
    return named


records = st.lists(st.recursive(_LEAVES, _unnamed, max_leaves=6), min_size=1, max_size=5).map(
    lambda types: _name(_record(types, ""), [0])
)
"""Schemas of records, of any types."""

flat_records = st.lists(
    _FLAT | st.integers(1, 4).map(lambda size: {"type": "fixed", "size": size}), min_size=1, max_size=6
).map(lambda types: _name(_record(types, ""), [0]))
"""Schemas of records that all have one size."""


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """`data` after one to three accidents: bytes changed, lost, put in."""
    broken = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(broken)))
        lost = draw(st.integers(0, 2))
        broken[at : at + lost] = draw(st.binary(max_size=3))
    return bytes(broken)
