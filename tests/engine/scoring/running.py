"""The API on a port of its own, in a thread of the test's process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import httpx
import uvicorn

from engine.listener import listen
from engine.scoring import Service, create_app


@contextmanager
def running(service: Service) -> Iterator[httpx.Client]:
    """A client of the API of `service`, which runs inside."""
    server = uvicorn.Server(uvicorn.Config(create_app(service), access_log=False, log_config=None))
    with listen("127.0.0.1", 0) as listener:
        thread = Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()
