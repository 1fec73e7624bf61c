"""What a reader finds in the folder of a sink."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fastavro
from pyarrow import parquet

from sinks import Folder


def rows_in(sink: Folder) -> list[dict[str, Any]]:
    """The results in all files that can be seen, each of which has to be whole."""
    return [row for file in visible(Path(sink.path)) for row in _rows(file)]


def visible(folder: Path) -> list[Path]:
    """The files that a reader sees."""
    return sorted(file for file in folder.iterdir() if not file.name.startswith("."))


def _rows(file: Path) -> list[dict[str, Any]]:
    if file.suffix == ".parquet":
        return [_plain(row) for row in parquet.read_table(file).to_pylist()]
    with file.open("rb") as stream:
        return [dict(row) for row in fastavro.reader(stream) if isinstance(row, dict)]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row of Parquet, whose enums pyarrow reads as bytes."""
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in row.items()}
