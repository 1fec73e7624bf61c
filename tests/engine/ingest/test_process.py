"""The ingest service as a process: who may write, what it says of itself, and how it ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from engine.local.platform import Platform
from engine.local.ports import choose_ports
from tests.engine.ingest.running import Stop, trip
from tests.engine.jobs.trial import suspended
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.services
OLD, NEW = "old-token-of-these-tests", "new-token-of-these-tests"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "engine.ingest", "--port", "0", *arguments]


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """A process of the service, and a client of it."""
    process = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        announced = re.search(r"http://[0-9.]+:(\d+)", process.stdout.readline())
        assert announced is not None
        with httpx.Client(base_url=f"http://127.0.0.1:{announced[1]}", timeout=PATIENCE_S, trust_env=False) as client:
            yield process, client
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


@pytest.fixture
def addresses(platform: Platform) -> list[str]:
    return ["--kafka", platform.addresses.kafka, "--registry", platform.addresses.registry]


def test_only_who_has_a_token_may_write(topic: Stop, addresses: list[str], tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(f"{OLD}\n{NEW}\n")
    with started(*addresses, "--host", "0.0.0.0", "--tokens", str(token)) as (_, client):
        wait_until(lambda: client.get("/readyz").status_code == 200)
        for headers in ({}, {"authorization": f"Basic {NEW}"}, {"authorization": "Bearer guessed"}):
            answer = client.post(topic.path, json=trip(1), headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert answer.json()["title"] == "unauthorized"
        assert topic.stored() == []
        for good in (OLD, NEW):
            answer = client.post(topic.path, json=trip(1), headers={"authorization": f"Bearer {good}"})
            assert answer.status_code == 202
        metrics = client.get("/metrics").text
        assert 'headrace_ingest_requests_total{status="401"} 3.0' in metrics
        assert f'headrace_ingest_records_total{{outcome="accepted",topic="{topic.topic}"}} 2.0' in metrics
        schemes = client.get("/openapi.json").json()["components"]["securitySchemes"]
        assert schemes["HTTPBearer"]["scheme"] == "bearer"


def failing(*arguments: str) -> str:
    ended = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_others_are_not_listened_to_without_a_token(addresses: list[str], tmp_path: Path) -> None:
    assert "no token is asked for" in failing(*addresses, "--host", "0.0.0.0")
    token = tmp_path / "token"
    assert f'token file "{token}": No such file' in failing(*addresses, "--tokens", str(token))
    token.write_text("short")
    assert "at least 16 characters" in failing(*addresses, "--tokens", str(token))


def test_only_topics_that_are_allowed_take_records(
    topic: Stop, addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_INGEST_TOPICS", "landings departures")
    with started(*addresses) as (_, client):
        wait_until(lambda: client.get("/readyz").status_code == 200)
        answer = client.post(topic.path, json=trip(1))
    assert (answer.status_code, answer.json()["hint"]) == (404, "allowed are departures, landings")


def test_what_was_taken_is_written_before_the_end(platform: Platform, topic: Stop, addresses: list[str]) -> None:
    with started(*addresses, "--timeout-s", "30") as (process, client), ThreadPoolExecutor(1) as pool:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        assert client.post(topic.path, json=trip(1)).status_code == 202
        with suspended(platform, "kafka"):
            waiting = pool.submit(client.post, topic.path, json=[trip(2), trip(3)])
            wait_until(lambda: b"held_bytes 0.0" not in client.get("/metrics").content)
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: _refuses(str(client.base_url)))
        assert (waiting.result().status_code, waiting.result().json()["accepted"]) == (202, 2)
        assert process.wait(timeout=PATIENCE_S) == -signal.SIGTERM  # uvicorn ends by the signal, once all is done
    assert topic.numbers() == [1, 2, 3]


def _refuses(url: str) -> bool:
    try:
        httpx.get(f"{url}/healthz", trust_env=False)
    except httpx.ConnectError:
        return True
    return False


def test_without_kafka_it_starts_and_is_not_ready(platform: Platform, topic: Stop) -> None:
    nowhere = f"127.0.0.1:{choose_ports({}, {})['kafka']}"
    with started("--kafka", nowhere, "--registry", platform.addresses.registry) as (_, client):
        wait_until(lambda: "cannot be reached" in client.get("/readyz").text)
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        answer = client.post(topic.path, json=trip(1))
        assert (answer.status_code, answer.json()["title"]) == (503, "unavailable")
        assert nowhere in answer.json()["detail"]
