"""Every feeder over the same records, for the suite that all of them go through."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import fastavro
import pyarrow
import pyarrow.parquet
import sqlalchemy as sql

from sources import Clockwork, Feeder, Files, Generator, HttpPoll, SqlQuery, Trouble
from sources.feeder import Position
from tests import postgres
from tests.sources.endpoint import pages, serving

READING: dict[str, Any] = {
    "type": "record",
    "name": "Reading",
    "fields": [{"name": "number", "type": "long"}, {"name": "text", "type": "string"}],
}
NULLABLE: dict[str, Any] = {**READING, "fields": [READING["fields"][0], {"name": "text", "type": ["null", "string"]}]}
PARTS = 3

Records = list[Any]
"""What a feeder found, or should."""
Case = Callable[[Path, Records], AbstractContextManager[Feeder]]


def readings(size: int) -> Records:
    """Records that fit the schema `READING`, but for each fiftieth."""
    return [{"number": number, "text": None if number % 50 == 7 else f"text {number}"} for number in range(size)]


def fitted(records: Records) -> Records:
    """The records that the schema `READING` holds, as it has them."""
    kept = [record for record in records if record["text"] is not None]
    return [{"number": int(record["number"]), "text": record["text"]} for record in kept]


def read_on(feeder: Feeder, position: Position, batches: int | None = None) -> tuple[Records, dict[str, Any]]:
    """The records of the next batches, all for now without a number, and the position behind them as it is stored."""
    found: Records = []
    at = dict(position)
    with feeder.open(position) as reading:
        for _ in range(batches) if batches else count():
            batch = reading.read()
            if batch is None:
                break
            found += batch.records
            at.update(batch.moved)
            if batch.caught_up:
                break
    return found, json.loads(json.dumps(at))


def _files(end: str, write: Callable[[Path, Records], object]) -> Case:
    @contextmanager
    def case(folder: Path, records: Records) -> Iterator[Feeder]:
        size = len(records) // PARTS + 1
        for part in range(PARTS):
            write(folder / f"part-{part}{end}", records[part * size : (part + 1) * size])
        yield Files(f"{folder}/part-*{end}", partitions=1)

    return case


def _write_csv(path: Path, records: Records) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["number", "text"])
        writer.writeheader()
        writer.writerows(records)


def _write_jsonl(path: Path, records: Records) -> None:
    lines = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)


def _write_zstd(path: Path, records: Records) -> None:
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.CompressedOutputStream(file, "zstd") as packed:
        packed.write(b"".join(json.dumps(record).encode() + b"\n" for record in records))


def _write_avro(path: Path, records: Records) -> None:
    with path.open("wb") as file:
        fastavro.writer(file, NULLABLE, records)


def _write_parquet(path: Path, records: Records) -> None:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records), path, row_group_size=700)


@contextmanager
def _http(_: Path, records: Records) -> Iterator[Feeder]:
    with serving(pages(records, 400)) as url:
        yield HttpPoll(url, every="1s", records="data.items", cursor="next", partitions=1)


@contextmanager
def _sqlite(folder: Path, records: Records) -> Iterator[Feeder]:
    url = f"sqlite:///{folder}/readings.db"
    _fill(url, records)
    yield SqlQuery(url, "readings", growing="number", partitions=1)


@contextmanager
def _sqlite_once(folder: Path, records: Records) -> Iterator[Feeder]:
    url = f"sqlite:///{folder}/readings.db"
    _fill(url, records)
    yield SqlQuery(url, "SELECT number, text FROM readings WHERE number >= 0", partitions=1)


@contextmanager
def _postgres(_: Path, records: Records) -> Iterator[Feeder]:
    with postgres.started() as server:
        _fill(server.url, records)
        yield SqlQuery(server.url, "SELECT number, text FROM readings", growing="number", partitions=1)


def _fill(url: str, records: Records) -> None:
    engine = sql.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sql.text("CREATE TABLE readings (number BIGINT PRIMARY KEY, text TEXT)"))
        connection.execute(sql.text("INSERT INTO readings VALUES (:number, :text)"), records)
    engine.dispose()


@contextmanager
def _generator(folder: Path, records: Records) -> Iterator[Feeder]:
    schema = folder / "reading.avsc"
    at = {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}
    schema.write_text(json.dumps({**NULLABLE, "fields": [*NULLABLE["fields"], at]}))
    trouble = Trouble(disorder="10s", duplicates=0.05, drift=3.0, drift_from=500)
    yield Generator(str(schema), Clockwork("at"), seed=7, records=len(records), trouble=trouble, partitions=1)


CASES: Mapping[str, Case] = {
    "csv": _files(".csv", _write_csv),
    "jsonl.gz": _files(".jsonl.gz", _write_jsonl),
    "jsonl.zst": _files(".jsonl.zst", _write_zstd),
    "avro": _files(".avro", _write_avro),
    "parquet": _files(".parquet", _write_parquet),
    "http": _http,
    "sqlite": _sqlite,
    "sqlite once": _sqlite_once,
    "postgres": _postgres,
    "generator": _generator,
}
