"""The body of a request, read no further than its limit."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from engine.ingest.problem import Refused

_GZIP = 31  # zlib's word for: with a gzip header


class Unpack(Protocol):
    """Takes a body apart as it arrives."""

    def feed(self, chunk: bytes, room: int) -> bytes:
        """What the chunk unpacks to; of more than `room` bytes, only that there is more."""

    def end(self) -> None:
        """Take note that the body has ended. Raises Refused where it should go on."""


class Plain:
    """A body as it is."""

    def feed(self, chunk: bytes, room: int) -> bytes:
        return chunk[: room + 1]

    def end(self) -> None:
        pass


class Gzip:
    """A body of one gzip member or several.

    >>> import gzip
    >>> Gzip().feed(gzip.compress(bytes(1000)), room=10) == bytes(11)
    True
    """

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)

    def feed(self, chunk: bytes, room: int) -> bytes:
        unpacked = b""
        while chunk and len(unpacked) <= room:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            try:
                unpacked += self._member.decompress(chunk, room + 1 - len(unpacked))
            except zlib.error as error:
                raise Refused("bad_request", f"body: not gzip: {error}") from error
            chunk = self._member.unused_data or self._member.unconsumed_tail
        return unpacked

    def end(self) -> None:
        if not self._member.eof:
            raise Refused("bad_request", "body: its gzip ends too early")


ENCODINGS: dict[str, Callable[[], Unpack]] = {"": Plain, "identity": Plain, "gzip": Gzip}


def unpacking(encoding: str) -> Unpack:
    """What unpacks a body of that Content-Encoding. Raises Refused where it is unknown."""
    make = ENCODINGS.get(encoding.strip().lower())
    if make is None:
        raise Refused("media_type", f'encoding "{encoding[:40]}": expected gzip or none')
    return make()


def check_length(announced: str | None, limit: int) -> None:
    """Raises Refused for a body that says itself that it is larger than `limit`."""
    if announced is not None and announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)


async def read_body(chunks: AsyncIterator[bytes], unpack: Unpack, limit: int, hold: Callable[[int], None]) -> bytes:
    """The body, unpacked. Raises Refused when it is larger than `limit`, packed or unpacked, without reading on.

    `hold` is told of bytes before they are kept.
    """
    parts, received, size = [], 0, 0
    async for chunk in chunks:
        received += len(chunk)
        part = unpack.feed(chunk, limit - size)
        size += len(part)
        if max(received, size) > limit:
            raise _too_large(limit)
        hold(len(part))
        parts.append(part)
    unpack.end()
    return b"".join(parts)


def _too_large(limit: int) -> Refused:
    return Refused("too_large", f"body: larger than {limit} bytes", hint="send the records in several requests")
