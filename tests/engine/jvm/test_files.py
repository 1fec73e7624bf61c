"""Files that the JVM writes of results, read by those who have never heard of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fastavro
import pytest
from pyarrow import parquet

from schemas.codec import Encoder
from schemas.frames import OutputRecord, pack_output
from schemas.wire import features_schema
from tests.engine.jvm.harness import Run

COUNT = 20_000  # more than a block of Avro and a page of Parquet
PLACE = {"type": "record", "name": "Place", "fields": [{"name": "latitude", "type": "double"}]}
SCHEMA = features_schema(
    {
        "type": "record",
        "name": "Everything",
        "fields": [
            {"name": "flag", "type": "boolean"},
            {"name": "small", "type": ["null", "int"]},
            {"name": "ratio", "type": "float"},
            {"name": "text", "type": ["null", "string"]},
            {"name": "blob", "type": "bytes"},
            {"name": "seen_at", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]},
            {"name": "several", "type": {"type": "array", "items": ["null", "double"]}},
            {"name": "by_class", "type": {"type": "map", "values": "double"}},
            {"name": "place", "type": ["null", PLACE]},
        ],
    }
)
FIRST = datetime(2013, 1, 1, tzinfo=UTC)


def everything(number: int) -> dict[str, Any]:
    there = number % 3 > 0
    return {
        "partition": number % 4,
        "offset": number << 30,
        "event_time": FIRST + timedelta(milliseconds=number),
        "flag": there,
        "small": number - 100 if there else None,
        "ratio": number / 8,
        "text": f"Ünïcode {number}" if there else None,
        "blob": bytes([number % 256] * (number % 5)),
        "seen_at": FIRST + timedelta(microseconds=number) if there else None,
        "several": [None, 0.5 * number][: number % 3],
        "by_class": {"UA": number / 7} if there else {},
        "place": {"latitude": number / 3} if there else None,
    }


def read_avro(file: Path) -> list[dict[str, Any]]:
    with file.open("rb") as stream:
        return [dict(row) for row in fastavro.reader(stream) if isinstance(row, dict)]


def read_parquet(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = parquet.read_table(file).to_pylist(maps_as_pydicts="strict")
    return rows


@pytest.mark.parametrize(("kind", "read"), [("avro", read_avro), ("parquet", read_parquet)])
@pytest.mark.parametrize("count", [0, 1, COUNT])
def test_what_is_read_is_what_was_written(
    kind: str, read: Callable[[Path], list[dict[str, Any]]], count: int, tmp_path: Path, run_java: Run
) -> None:
    encoder, given = Encoder(SCHEMA, 0), [everything(number) for number in range(count)]
    frame = pack_output([OutputRecord(3, encoder.encode(record)) for record in given]).encode()
    schema = json.dumps(SCHEMA).encode()
    file = tmp_path / f"results.{kind}"
    run_java("FileWriting", kind, str(file), given=len(schema).to_bytes(4, "big") + schema + frame)
    assert read(file) == given
