"""A strict walk over Avro binary: is it exactly one record of this schema?

Fastavro reads leniently: booleans other than 0 and 1, negative indexes of unions and enums, integers of any length.
A scan costs less than the decoding that follows it. Source: Avro 1.12 specification, "Binary encoding".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Step = Callable[[bytes, int], int]
"""Takes the record and a position in it, gives the position after the value there.

A step may run past the end of the record; whoever reads there next, or compares the last position, finds out.
"""

_VARINT_MAX_BYTES = 10


class Corrupt(ValueError):
    """The bytes are no record of the schema."""


class InvalidSchema(ValueError):
    """This is not an Avro schema, or none that can be read with bounded work."""


def scanner(schema: Any) -> Step:
    """The scan of a schema that fastavro has parsed. Raises InvalidSchema.

    >>> scan = scanner({"type": "record", "name": "r", "fields": [{"name": "a", "type": "boolean"}]})
    >>> scan(bytes([1]), 0)
    1
    >>> scan(bytes([2]), 0)
    Traceback (most recent call last):
    schemas.scan.Corrupt: boolean of value 2 at byte 0
    """
    return _step(_compile(schema, {}))


_Compiled = int | Step  # a number where the size is fixed and every content is valid
_Names = dict[str, _Compiled | None]  # None while the type itself is being read


def _compile(schema: Any, names: _Names) -> _Compiled:
    if isinstance(schema, list):
        return _union([_compile(branch, names) for branch in schema])
    if isinstance(schema, str):
        return _named(schema, names)
    if not isinstance(schema, dict) or "type" not in schema:
        raise InvalidSchema(f"expected a type, found {schema!r}")
    return _complex(schema, names)


def _named(name: str, names: _Names) -> _Compiled:
    if name in _PRIMITIVES:
        return _PRIMITIVES[name]
    if name not in names:
        raise InvalidSchema(f'type "{name}": unknown')
    compiled = names[name]
    if compiled is None:
        raise InvalidSchema(f'type "{name}": contains itself, which is not supported')
    return compiled


def _complex(schema: dict[str, Any], names: _Names) -> _Compiled:
    match schema["type"]:
        case "record" | "error":
            fields = [field["name"] for field in schema["fields"]]
            if len(set(fields)) < len(fields):
                raise InvalidSchema(f'record "{schema["name"]}": two fields of one name')
            names[schema["name"]] = None
            compiled = names[schema["name"]] = _record(_compile(field["type"], names) for field in schema["fields"])
            return compiled
        case "enum":
            compiled = names[schema["name"]] = _enum(len(schema["symbols"]))
            return compiled
        case "fixed":
            if not isinstance(schema["size"], int) or schema["size"] < 0:
                raise InvalidSchema(f'fixed "{schema["name"]}": size {schema["size"]!r}')
            compiled = names[schema["name"]] = schema["size"]
            return compiled
        case "array":
            items = _compile(schema["items"], names)
            if items == 0:
                raise InvalidSchema("an array of values without a size has no bound")
            return _blocks(_step(items))
        case "map":
            return _blocks(_step(_record([_sized, _compile(schema["values"], names)])))
        case inner:
            return _compile(inner, names)


def _step(compiled: _Compiled) -> Step:
    if not isinstance(compiled, int):
        return compiled
    return lambda data, at: at + compiled


def _record(fields: Iterable[_Compiled]) -> _Compiled:
    merged: list[_Compiled] = [0]
    for field in fields:
        last = merged[-1]
        if isinstance(field, int) and isinstance(last, int):
            merged[-1] = last + field
        else:
            merged.append(field)
    if len(merged) == 1:
        return merged[0]
    steps = tuple(_step(compiled) for compiled in merged if compiled != 0)

    def record(data: bytes, at: int) -> int:
        for step in steps:
            at = step(data, at)
        return at

    return record


def _union(branches: Sequence[_Compiled]) -> Step:
    steps = tuple(_step(branch) for branch in branches)
    index_of = _index(len(steps), "union")

    def union(data: bytes, at: int) -> int:
        index, at = index_of(data, at)
        return steps[index](data, at)

    return union


def _enum(size: int) -> Step:
    index_of = _index(size, "enum")
    return lambda data, at: index_of(data, at)[1]


def _index(size: int, kind: str) -> Callable[[bytes, int], tuple[int, int]]:
    def index_of(data: bytes, at: int) -> tuple[int, int]:
        index, end = read_long(data, at)
        if 0 <= index < size:
            return index, end
        raise Corrupt(f"{kind} index {index} at byte {at}, expected less than {size}")

    return index_of


def _blocks(item: Step) -> Step:
    def blocks(data: bytes, at: int) -> int:
        count, at = read_long(data, at)
        while count:
            end = None
            if count < 0:
                size_bytes, at = read_long(data, at)
                count, end = -count, at + size_bytes
            if count > len(data) - at:
                raise Corrupt(f"block of {count} items at byte {at}, which is more than the bytes left")
            for _ in range(count):
                at = item(data, at)
            if end is not None and at != end:
                raise Corrupt(f"block ends at byte {at}, expected {end}")
            count, at = read_long(data, at)
        return at

    return blocks


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """The whole number at a position, and the position after it. Raises IndexError where the bytes end in it.

    >>> read_long(bytes([0x8C, 0x01]), 0)
    (70, 2)
    """
    byte = data[at]
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), at + 1
    end = _long(data, at)
    value = 0
    for position in range(end - 1, at - 1, -1):
        value = value << 7 | data[position] & 0x7F
    return (value >> 1) ^ -(value & 1), end


def _long(data: bytes, at: int) -> int:
    return _varint(data, at, _VARINT_MAX_BYTES, 0x01)


def _int(data: bytes, at: int) -> int:
    return _varint(data, at, 5, 0x0F)


def _varint(data: bytes, at: int, max_bytes: int, last_max: int) -> int:
    end = at
    while data[end] >= 0x80:
        end += 1
    size_bytes = end + 1 - at
    if size_bytes > max_bytes or (size_bytes == max_bytes and data[end] > last_max):
        raise Corrupt(f"number too large at byte {at}")
    return end + 1


def _boolean(data: bytes, at: int) -> int:
    if data[at] > 1:
        raise Corrupt(f"boolean of value {data[at]} at byte {at}")
    return at + 1


def _sized(data: bytes, at: int) -> int:
    size_bytes, end = read_long(data, at)
    if size_bytes < 0:
        raise Corrupt(f"negative length at byte {at}")
    return end + size_bytes


_PRIMITIVES: dict[str, _Compiled] = {
    "null": 0,
    "boolean": _boolean,
    "int": _int,
    "long": _long,
    "float": 4,
    "double": 8,
    "bytes": _sized,
    "string": _sized,
}
