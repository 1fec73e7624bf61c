"""What stands in a file: records, and what should have been one."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Literal

import fastavro
import orjson
import pyarrow
import pyarrow.parquet

from schemas.errors import Fatal
from sources.feeder import Record, Unreadable

FileFormat = Literal["avro", "parquet", "csv", "jsonl"]
_SUFFIXES: Mapping[str, FileFormat] = {
    ".avro": "avro",
    ".parquet": "parquet",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
COMPRESSED = (".gz", ".zst")
_ROWS_PER_READ = 2_000
# of gzip, zstd and the formats, where the bytes are not what they should be
_DAMAGE = (EOFError, zlib.error, ValueError, IndexError, KeyError, pyarrow.ArrowException, AssertionError)


class CutShort(Exception):
    """From here on the file cannot be read; the text says why."""


class Lines:
    """The lines of a file; `is_whole` says whether the last one that was read ended as lines do."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.is_whole = True

    def __iter__(self) -> Iterator[bytes]:
        for line in self.file:
            self.is_whole = line.endswith(b"\n")
            yield line


def format_of(path: str) -> FileFormat:
    """The format that a name tells. Raises Fatal where it tells none.

    >>> format_of("s3://bucket/planes-*.jsonl.gz")
    'jsonl'
    """
    name = PurePosixPath(path)
    suffix = name.with_suffix("").suffix if name.suffix in COMPRESSED else name.suffix
    if suffix not in _SUFFIXES:
        raise Fatal(f'files "{path}": the name tells no format', hint=f"say format=, or use {', '.join(_SUFFIXES)}")
    return _SUFFIXES[suffix]


def read_records(format: FileFormat, lines: Lines, null: tuple[str, ...]) -> Iterator[Record | Unreadable]:
    """What stands in a file, in its order. Raises CutShort where it cannot be read further, OSError."""
    try:
        yield from _READERS[format](lines, null)
    except OSError as error:
        if error.errno is not None:  # the store's; those of decompression have no number
            raise
        raise CutShort(str(error)) from error
    except _DAMAGE as error:
        raise CutShort(str(error) or type(error).__name__) from error


def avro_schema(file: BinaryIO) -> dict[str, Any] | None:
    """The schema in the header of a container, None where that cannot be read."""
    try:
        schema: dict[str, Any] = fastavro.reader(file).writer_schema
    except _DAMAGE:
        return None
    return {name: value for name, value in schema.items() if not name.startswith("__")}


def _avro(lines: Lines, _: tuple[str, ...]) -> Iterator[Record]:
    yield from fastavro.reader(lines.file)


def _parquet(lines: Lines, _: tuple[str, ...]) -> Iterator[Record]:
    for batch in pyarrow.parquet.ParquetFile(lines.file).iter_batches(_ROWS_PER_READ):
        yield from batch.to_pylist()


def _jsonl(lines: Lines, _: tuple[str, ...]) -> Iterator[Record | Unreadable]:
    for line in lines:
        text = line.strip()
        if not text:
            continue
        try:
            record = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            yield Unreadable(text, "corrupt", f"no JSON: {error}")
            continue
        yield record if isinstance(record, dict) else Unreadable(text, "corrupt", "expected a JSON object")


def _csv(lines: Lines, null: tuple[str, ...]) -> Iterator[Record | Unreadable]:
    taken: list[bytes] = []

    def texts() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line.decode("utf-8", "surrogateescape")

    rows = csv.reader(texts(), strict=True)
    header = _header(next(rows, []))
    while True:
        taken.clear()
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield Unreadable(b"".join(taken), "corrupt", str(error))
            continue
        if row is None:
            return
        if row:
            yield _row(header, row, null) or Unreadable(b"".join(taken), "corrupt", _trouble(header, row))


def _header(names: list[str]) -> list[str]:
    header = [name.strip().removeprefix("\ufeff") for name in names]
    if len(set(header)) < len(header):
        raise CutShort(f"two columns of one name: {', '.join(header)}")
    return header


def _row(header: list[str], row: list[str], null: tuple[str, ...]) -> Record | None:
    """The record of a row, None where it is none."""
    if len(row) != len(header) or not _is_text(row):
        return None
    return {name: None if value in null else value for name, value in zip(header, row, strict=True)}


def _trouble(header: list[str], row: list[str]) -> str:
    return f"{len(row)} values for {len(header)} columns" if len(row) != len(header) else "no UTF-8"


def _is_text(row: list[str]) -> bool:
    """Whether all bytes were UTF-8; those that were not stand as surrogates."""
    return all(value.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in value) for value in row)


_READERS: Mapping[FileFormat, Callable[[Lines, tuple[str, ...]], Iterator[Record | Unreadable]]] = {
    "avro": _avro,
    "parquet": _parquet,
    "csv": _csv,
    "jsonl": _jsonl,
}
FORMATS = tuple(_READERS)
