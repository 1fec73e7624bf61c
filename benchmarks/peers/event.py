"""What a record of readings or levels is for all peers: decoded, with its event time."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import fastavro
from stream import HEADER_BYTES

_SCHEMAS = {
    kind: fastavro.parse_schema(json.loads((Path(__file__).parents[1] / f"{kind}.avsc").read_text()))
    for kind in ("reading", "level")
}


def decoded(kind: str, value: bytes) -> dict[str, Any]:
    """The record in `value`; its event time is an aware datetime."""
    stream = io.BytesIO(value)
    stream.seek(HEADER_BYTES)
    record: dict[str, Any] = fastavro.schemaless_reader(stream, _SCHEMAS[kind])
    return record
