"""The formats that records come in: each takes a body apart, and says of each entry what it is."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import orjson

from engine.ingest.container import MAGIC, Container
from engine.ingest.limits import Limits
from engine.ingest.problem import Refused
from engine.ingest.topics import Target
from schemas.errors import BadRecord

Entry: TypeAlias = tuple[dict[str, Any], bytes]
"""A record, and its value as it is written to Kafka."""

Read: TypeAlias = Callable[[bytes, Target, Limits], Iterator[Entry | BadRecord]]
"""Takes a body apart. Raises Refused where it cannot be, before the first entry."""

HEADER = struct.Struct(">bI")


def reading(content_type: str) -> Read:
    """What reads bodies of that Content-Type. Raises Refused where it is unknown.

    >>> reading("application/json; charset=utf-8").__name__
    'read_json'
    """
    read = _READERS.get(content_type.partition(";")[0].strip().lower())
    if read is None:
        raise Refused(
            "media_type",
            f'content type "{content_type[:40]}": is not known',
            hint=f"send one of {', '.join(_READERS)}",
        )
    return read


def read_json(body: bytes, target: Target, limits: Limits) -> Iterator[Entry | BadRecord]:
    """One object, or a list of them."""
    try:
        loaded = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused("bad_request", f"body: not JSON: {error}") from error
    entries = loaded if type(loaded) is list else [loaded]
    _check_count(len(entries), limits)
    return (_from_json(entry, target) for entry in entries)


def read_lines(body: bytes, target: Target, limits: Limits) -> Iterator[Entry | BadRecord]:
    """An object a line; empty lines are passed over."""
    lines = [line for line in body.splitlines() if line.strip()]
    _check_count(len(lines), limits)
    return (_from_line(line, target) for line in lines)


def read_avro(body: bytes, target: Target, limits: Limits) -> Iterator[Entry | BadRecord]:
    """A container file, or one record behind a zero byte and its schema's id; the first byte tells which."""
    if not body.startswith(MAGIC):
        return iter([_from_avro(body, target)])
    container = Container(body)
    header = HEADER.pack(0, target.id_of(container.schema))
    values = [header + record for record in container.records(limits.records, limits.body_bytes)]
    return (_from_avro(value, target) for value in values)


def _from_line(line: bytes, target: Target) -> Entry | BadRecord:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return BadRecord("bad_json", f"not JSON: {error}")
    return _from_json(entry, target)


def _from_json(entry: Any, target: Target) -> Entry | BadRecord:
    try:
        record = target.read_json(entry)
        return record, target.encoder.encode(record)
    except BadRecord as error:
        return error


def _from_avro(value: bytes, target: Target) -> Entry | BadRecord:
    """The bytes go on as they are: whoever reads the topic finds the writer's schema by its id."""
    try:
        return target.decoder.decode(value), value
    except BadRecord as error:
        return error


def _check_count(count: int, limits: Limits) -> None:
    if count > limits.records:
        said = f"body: {count} records, expected at most {limits.records}"
        raise Refused("too_large", said, hint="send them in several requests")


_READERS: Mapping[str, Read] = {
    "application/json": read_json,
    "application/x-ndjson": read_lines,
    "application/jsonl": read_lines,
    "avro/binary": read_avro,
    "application/avro": read_avro,
}
