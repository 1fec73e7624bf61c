"""A real HTTP server with the manners of public endpoints, for tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Answer:
    """What the server answers a request with."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """A request as it came."""

    params: Mapping[str, str]
    headers: Mapping[str, str]


@contextmanager
def serving(answer: Callable[[Asked], Answer]) -> Iterator[str]:
    """The URL of a server that answers each GET as `answer` says; a body that is bytes is sent as it is."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            params = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            given = answer(Asked(params, dict(self.headers)))
            body = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/readings"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def pages(records: list[dict[str, Any]], size: int) -> Callable[[Asked], Answer]:
    """Pages of `size` records, each with the number of the next one's first record; the last one has none."""

    def answer(asked: Asked) -> Answer:
        first = int(asked.params.get("cursor", "0"))
        following = first + size if first + size < len(records) else None
        return Answer({"data": {"items": records[first : first + size]}, "next": following})

    return answer
