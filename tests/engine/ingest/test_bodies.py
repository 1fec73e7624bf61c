from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingest.bodies import read_body, unpacking
from engine.ingest.problem import Refused


async def _arriving(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def read(chunks: list[bytes], encoding: str = "", limit: int = 1 << 20) -> tuple[bytes, int]:
    """The body that arrives in chunks, and how many bytes were held."""
    held: list[int] = []
    body = asyncio.run(read_body(_arriving(chunks), unpacking(encoding), limit, held.append))
    return body, sum(held)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=3), st.integers(1, 50))
def test_gzip_in_any_chunks_and_members_is_unpacked(members: list[bytes], size: int) -> None:
    whole = b"".join(members)
    packed = b"".join(map(gzip.compress, members))
    assert read(cut(packed, size), "gzip") == (whole, len(whole))


@given(st.binary(min_size=1, max_size=200), st.integers(1, 50), st.integers(1, 200))
def test_gzip_that_ends_early_is_refused(data: bytes, size: int, lost: int) -> None:
    packed = gzip.compress(data)
    with pytest.raises(Refused, match="gzip"):
        read(cut(packed[: max(0, len(packed) - lost)], size), "gzip")


@given(st.integers(0, 300), st.integers(1, 50), st.sampled_from(["", "gzip"]))
def test_the_limit_is_the_size_unpacked(size: int, chunk: int, encoding: str) -> None:
    body = bytes(size)
    chunks = cut(gzip.compress(body) if encoding else body, chunk)
    if size <= 100:
        assert read(chunks, encoding, limit=100) == (body, size)
    else:
        with pytest.raises(Refused, match="larger than 100 bytes"):
            read(chunks, encoding, limit=100)


def test_what_comes_after_the_limit_is_not_asked_for() -> None:
    chunks = [bytes(60), bytes(60), bytes(60)]
    arriving = _arriving(chunks)

    async def read_and_go_on() -> list[bytes]:
        with pytest.raises(Refused):
            await read_body(arriving, unpacking(""), 100, lambda size: None)
        return [chunk async for chunk in arriving]

    assert asyncio.run(read_and_go_on()) == chunks[2:]
