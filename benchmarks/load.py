"""A load generator: one request after the other on each of some connections, with as little of its own as possible."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from schemas.errors import Fatal

_LENGTH = b"content-length: "


@dataclass(frozen=True)
class Request:
    """A POST of JSON to a URL."""

    url: str
    body: Any

    def encode(self) -> bytes:
        where, body = urlsplit(self.url), json.dumps(self.body).encode()
        head = f"POST {where.path} HTTP/1.1\r\nhost: {where.netloc}\r\ncontent-type: application/json\r\n"
        return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def requests_per_s(request: Request, connections: int, seconds: float) -> float:
    """How many answers a second came. Raises Fatal for one that is not 200."""
    return asyncio.run(_load(request, connections, seconds))


async def _load(request: Request, connections: int, seconds: float) -> float:
    started = time.perf_counter()
    counts = await asyncio.gather(*(_connection(request, started + seconds) for _ in range(connections)))
    return sum(counts) / (time.perf_counter() - started)


async def _connection(request: Request, until: float) -> int:
    where, data, count = urlsplit(request.url), request.encode(), 0
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        while time.perf_counter() < until:
            writer.write(data)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().split(_LENGTH, 1)[1].split(b"\r\n", 1)[0]
            body = await reader.readexactly(int(length))
            if not head.startswith(b"HTTP/1.1 200 "):
                raise Fatal(f"{request.url}: {head.splitlines()[0].decode()}: {body[:200].decode()}")
            count += 1
    finally:
        writer.close()
    return count
