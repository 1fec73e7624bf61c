"""Avro container files: their schema, and the bytes of each record. Source: Avro 1.12, "Object Container Files"."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import fastavro
import orjson

from engine.ingest.problem import Refused
from schemas.avro import parse
from schemas.scan import Corrupt, InvalidSchema, read_long, scanner

MAGIC = b"Obj\x01"
_META = {"type": "map", "values": "bytes"}
_SYNC_BYTES = 16
_CODECS = ("null", "deflate")


class Container:
    """A file with its header read; every codec that Avro asks of all readers is known. Raises Refused."""

    def __init__(self, file: bytes) -> None:
        try:
            self._start = scanner(_META)(file, len(MAGIC))
            header = BytesIO(file[len(MAGIC) : self._start])
            meta: dict[str, bytes] = dict(fastavro.schemaless_reader(header, _META, None))
            self.schema: Any = orjson.loads(meta["avro.schema"])
            self._scan = scanner(parse(self.schema))
        except (Corrupt, InvalidSchema, ValueError, KeyError, IndexError, EOFError) as error:
            raise _damaged(f"its header: {error}") from error
        self._at = self._start + _SYNC_BYTES
        if len(file) < self._at:
            raise _damaged("it ends too early")
        self._codec = meta.get("avro.codec", b"null").decode("latin-1")
        if self._codec not in _CODECS:
            raise Refused("media_type", f'codec "{self._codec[:40]}": expected {" or ".join(_CODECS)}')
        self._file = file

    def records(self, most: int, most_bytes: int) -> Iterator[bytes]:
        """The bytes of each record. Raises Refused for a damaged file, and where they are more than that."""
        for count, block in self._blocks(most_bytes):
            most -= count
            if most < 0 or count < 0:
                raise Refused("too_large", "body: too many records", hint="send them in several requests")
            start = 0
            for _ in range(count):
                try:
                    end = self._scan(block, start)
                except (Corrupt, IndexError) as error:
                    raise _damaged(str(error)) from error
                yield block[start:end]
                start = end
            if start != len(block):
                raise _damaged(f"a block of {len(block)} bytes ends at byte {start}")

    def _blocks(self, most_bytes: int) -> Iterator[tuple[int, bytes]]:
        """The number of records in each block, and the block unpacked."""
        at = self._at
        sync = self._file[self._start : at]
        while at < len(self._file):
            try:
                count, at = read_long(self._file, at)
                size, at = read_long(self._file, at)
            except IndexError:
                raise _damaged("it ends too early") from None
            end = at + size
            if size < 0 or self._file[end : end + _SYNC_BYTES] != sync:
                raise _damaged("a block does not end where it should")
            block = self._unpacked(self._file[at:end], most_bytes)
            most_bytes -= len(block)
            yield count, block
            at = end + _SYNC_BYTES

    def _unpacked(self, block: bytes, room: int) -> bytes:
        if self._codec == "null":
            return block
        try:
            unpacked = zlib.decompressobj(-zlib.MAX_WBITS).decompress(block, room + 1)
        except zlib.error as error:
            raise _damaged(str(error)) from error
        if len(unpacked) > room:
            raise Refused("too_large", "body: too large when unpacked", hint="send the records in several requests")
        return unpacked


def _damaged(how: str) -> Refused:
    return Refused("bad_request", f"body: not a whole Avro file: {how}")
