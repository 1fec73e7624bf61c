"""The scoring API as a process: it starts, swaps models under load, and says what is wrong."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx
import pytest

from models.signing import signing_key
from tests.engine.scoring.lateness import RAW, at_version, learned, publish, until
from tests.sinks.redis_server import RedisServer, free_port
from tests.waiting import PATIENCE_S

PATH = "/models/lateness/predict"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "engine.scoring", "--port", "0", *arguments]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "signing.key"


@pytest.fixture
def url(redis_server: RedisServer, key_file: Path) -> Iterator[str]:
    """A scoring API of its own process, over `redis_server`."""
    arguments = ["--redis", redis_server.url, "--signing-key", str(key_file)]
    process = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        announced = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert announced is not None
        yield announced[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


def test_the_first_start_makes_the_key(url: str, key_file: Path) -> None:
    until(lambda: httpx.get(f"{url}/readyz"), lambda r: r.status_code == 200)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def test_no_request_fails_while_models_are_swapped(url: str, redis_server: RedisServer, key_file: Path) -> None:
    key = signing_key(key_file)
    publish(redis_server.url, learned(), at_version(1, 1), key)
    until(lambda: httpx.get(f"{url}/models/lateness"), lambda r: r.status_code == 200)
    done = Event()

    def ask() -> list[tuple[int, int]]:
        versions = []
        with httpx.Client(base_url=url) as client:
            while not done.is_set():
                response = client.post(PATH, json={"features": RAW})
                assert response.status_code == 200, response.text
                version = response.json()["model"]["version"]
                versions.append((version["epoch"], version["count"]))
        return versions

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        for count in range(2, 60):
            publish(redis_server.url, learned(), at_version(1, count), key)
        publish(redis_server.url, learned(), at_version(2, 0), key)
        until(
            lambda: httpx.post(url + PATH, json={"features": RAW}),
            lambda r: bool(r.json()["model"]["version"] == {"epoch": 2, "count": 0}),
        )
        done.set()
        seen = [asked.result() for asked in asking]
    assert all(versions == sorted(versions) for versions in seen)
    assert len(set().union(*seen)) > 10


def failing(*arguments: str) -> str:
    ended = subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=os.environ
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_production_without_a_key_does_not_start(tmp_path: Path) -> None:
    key_file = tmp_path / "no.key"
    said = failing("--redis", "redis://127.0.0.1:1", "--signing-key", str(key_file), "--production")
    assert "no such file" in said
    assert not key_file.exists()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = failing("--redis", "redis://127.0.0.1:1", "--signing-key", str(tmp_path / "key"), "--port", str(port))
    assert f'address "127.0.0.1:{port}"' in said


def test_without_redis_it_starts_and_is_not_ready(tmp_path: Path) -> None:
    arguments = ["--redis", f"redis://127.0.0.1:{free_port()}", "--signing-key", str(tmp_path / "key")]
    process = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        response = until(lambda: httpx.get(f"{url}/readyz"), lambda r: "HEADRACE_REDIS" in r.text)
        assert response.status_code == 503
        assert httpx.get(f"{url}/healthz").status_code == 200
    finally:
        process.terminate()
        _, said = process.communicate(timeout=PATIENCE_S)
    assert "models cannot be read" in said
