"""Payloads for the fuzz: good ones of a schema, and good ones after accidents; the same ones for a seed."""

from __future__ import annotations

import io
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import fastavro

JITTER_MS = 400
MUCH_TOO_LATE_MS = 300_000
GOOD_SHARE = 0.5
HEADER_BYTES, EVENT_TIME_BYTES = 5, 6
_INSTANT = {"type": "long", "logicalType": "timestamp-millis"}


def _record(name: str, **fields: Any) -> dict[str, Any]:
    named = [{"name": "at", "type": _INSTANT}, {"name": "rain", "type": ["null", "boolean"]}]
    named += [{"name": field, "type": type_} for field, type_ in fields.items()]
    return {"type": "record", "name": name, "namespace": "headrace.fuzz", "fields": named}


SCHEMAS = {
    "fixed": _record("Fixed", x="double", y="float", ok="boolean", tag={"type": "fixed", "name": "Tag", "size": 3}),
    "plain": _record("Plain", x="double", station="string", count="int", total="long", note=["null", "string"]),
    "nested": _record(
        "Nested",
        x="double",
        kind={"type": "enum", "name": "Kind", "symbols": ["a", "b", "c"]},
        readings={"type": "array", "items": "float"},
        names={"type": "map", "values": ["null", "long"]},
        place={"type": "record", "name": "Place", "fields": [{"name": "id", "type": "bytes"}]},
    ),
}
"""What is fuzzed: fields of fixed size, plain ones, and nested ones."""


@dataclass(frozen=True)
class Payload:
    """What is written to a partition."""

    partition: int
    value: bytes | None


class Payloads:
    """An endless stream of payloads of one schema, a millisecond of event time apart; the same for a seed but for that.

    `ids` are the registry's ids of all schemas by their name; `first_at` is in ms since the epoch.
    """

    def __init__(self, name: str, ids: dict[str, int], partitions: int, seed: int, first_at: int) -> None:
        self._first_at = first_at
        self._schema = fastavro.parse_schema(SCHEMAS[name])
        self._id = ids[name]
        self._other_ids = [id_ for other, id_ in ids.items() if other != name] + [2**31 - 1]
        self._partitions = partitions
        self._chance = chance = random.Random(f"{seed} {name}")
        self._simple: dict[str, Callable[[], Any]] = {
            "null": lambda: None,
            "boolean": lambda: chance.random() < 0.5,
            "int": lambda: chance.getrandbits(chance.randrange(1, 31)) * chance.choice((-1, 1)),
            "long": lambda: chance.getrandbits(chance.randrange(1, 63)) * chance.choice((-1, 1)),
            "float": self._float,
            "double": self._float,
            "bytes": lambda: chance.randbytes(chance.randrange(6)),
            "string": lambda: "".join(chance.choices(string.ascii_letters + "äßλ\0", k=chance.randrange(8))),
        }

    def __iter__(self) -> Iterator[Payload]:
        position = 0
        while True:
            value = self._good(position)
            if self._chance.random() > GOOD_SHARE:
                yield Payload(position % self._partitions, self._after_an_accident(value))
            else:
                yield Payload(position % self._partitions, value)
            position += 1

    def _good(self, position: int) -> bytes:
        out = io.BytesIO(self._header(self._id))
        out.seek(0, io.SEEK_END)
        record = {field["name"]: self._value(field["type"]) for field in self._schema["fields"]}
        # times that are out of order by less than the lateness, and once in a while by more
        behind_ms = MUCH_TOO_LATE_MS if self._chance.random() < 0.01 else 0
        record["at"] = self._first_at + position + self._chance.randrange(JITTER_MS) - behind_ms
        fastavro.schemaless_writer(out, self._schema, record)
        return out.getvalue()

    def _value(self, type_: Any) -> Any:
        chance = self._chance
        if isinstance(type_, list):
            return self._value(chance.choice(type_))
        if isinstance(type_, dict):
            return self._complex(type_)
        return self._simple[type_]()

    def _float(self) -> float:
        rare = self._chance.random() < 0.01
        return self._chance.choice((float("nan"), float("-inf"))) if rare else self._chance.gauss(0.0, 5.0)

    def _complex(self, type_: dict[str, Any]) -> Any:
        chance = self._chance
        match type_["type"]:
            case "enum":
                return chance.choice(type_["symbols"])
            case "fixed":
                return chance.randbytes(type_["size"])
            case "array":
                return [self._value(type_["items"]) for _ in range(chance.randrange(4))]
            case "map":
                return {str(number): self._value(type_["values"]) for number in range(chance.randrange(4))}
            case "record":
                return {field["name"]: self._value(field["type"]) for field in type_["fields"]}
        return 0  # an instant: the event time, which is set afterwards

    def _after_an_accident(self, value: bytes) -> bytes | None:
        chance = self._chance
        accident = chance.randrange(8)
        if accident == 0:
            return None if chance.random() < 0.5 else chance.randbytes(chance.randrange(40))
        if accident == 1:
            return self._header(chance.choice(self._other_ids)) + value[5:]
        if accident == 2:
            return value[: chance.randrange(len(value))]
        if accident == 3:
            return value + chance.randbytes(chance.randrange(1, 4))
        return self._changed(bytearray(value))

    def _changed(self, value: bytearray) -> bytes:
        """Bytes changed, lost and put in, seldom in the event time: one that goes far ahead makes all after it late."""
        chance = self._chance
        start = HEADER_BYTES if chance.random() < 0.02 else HEADER_BYTES + EVENT_TIME_BYTES
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(start, len(value)) if start < len(value) else len(value)
            value[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        return bytes(value)

    @staticmethod
    def _header(schema_id: int) -> bytes:
        return b"\0" + schema_id.to_bytes(4, "big")
