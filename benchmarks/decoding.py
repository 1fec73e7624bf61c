"""Frames to columns, against fastavro record by record: a flat schema of 12 mixed fields, in one process.

python -m benchmarks.decoding
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import fastavro
import numpy as np

from benchmarks import figures
from benchmarks.figures import Row, Tell
from schemas.avro import parse
from schemas.codec import Decoder, Encoder
from schemas.column import Words
from schemas.errors import Fatal
from schemas.fields import INSTANT
from schemas.table import Table
from schemas.wire import HEADER_BYTES

RECORDS, ROUNDS = 10_000, 15  # a frame, and how often each side reads it
_ID = 7
_TYPES: dict[str, Any] = {
    "at": INSTANT,
    "station": "string",
    "carrier": ["null", "string"],
    "kind": {"type": "enum", "name": "Kind", "symbols": ["passengers", "freight", "mail"]},
    "number": "long",
    "seats": "int",
    "booked": ["null", "long"],
    "price": "double",
    "delay": ["null", "double"],
    "wind": "float",
    "cancelled": "boolean",
    "remark": "string",
}
SCHEMA = {
    "type": "record",
    "name": "Mixed",
    "fields": [{"name": name, "type": type_} for name, type_ in _TYPES.items()],
}


def measure(tell: Tell) -> list[Row]:
    """Reads one frame both ways in turns. Raises Fatal where they do not find the same."""
    encoder = Encoder(SCHEMA, _ID)
    values = [encoder.encode(record) for record in _records()]
    frame, sizes = b"".join(values), np.array([len(value) for value in values], np.int32)
    decoder, parsed = Decoder(SCHEMA, lambda _: SCHEMA), parse(SCHEMA)
    bodies = [value[HEADER_BYTES:] for value in values]

    def columns() -> Table:
        table = decoder.decode_joined(frame, sizes)
        assert isinstance(table, Table)
        return table

    def coded() -> None:
        for column in columns().columns.values():
            if isinstance(column, Words):
                _ = column.codes

    def one_by_one() -> list[Any]:
        return [fastavro.schemaless_reader(BytesIO(body), parsed, None) for body in bodies]

    if list(columns()) != one_by_one():
        raise Fatal("columns and records differ")
    took = [(_seconds(columns), _seconds(coded), _seconds(one_by_one)) for _ in range(ROUNDS)]
    ours, with_codes, theirs = (min(times) for times in zip(*took, strict=True))
    said = f"{RECORDS / ours:,.0f} records/s against {RECORDS / theirs:,.0f}/s, the best of {ROUNDS} rounds each"
    row = figures.DECODING.row(theirs / ours, f"{said}; {theirs / with_codes:.1f} with strings as codes")
    tell(f"{row.figure}: {row.value} ({row.detail})")
    return [row]


def _records() -> list[dict[str, Any]]:
    chance = random.Random(1)

    def maybe(value: Any) -> Any:
        return None if chance.random() < 0.2 else value

    return [
        {
            "at": datetime(2013, 1, 1 + number % 31, chance.randrange(24), tzinfo=UTC),
            "station": chance.choice(["JFK", "LGA", "EWR"]),
            "carrier": maybe(chance.choice(["UA", "AA", "B6", "DL"])),
            "kind": chance.choice(["passengers", "freight", "mail"]),
            "number": chance.randrange(1 << 40),
            "seats": chance.randrange(400),
            "booked": maybe(chance.randrange(400)),
            "price": chance.random() * 500,
            "delay": maybe(chance.gauss(10, 30)),
            "wind": chance.randrange(60) / 2,
            "cancelled": chance.random() < 0.02,
            "remark": f"gate {chance.randrange(200)}",
        }
        for number in range(RECORDS)
    ]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    measure(print)
