from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from engine.local.ports import choose_ports
from engine.probes import check, why_not_ready
from schemas.errors import Fatal

NOWHERE = f"127.0.0.1:{choose_ports({}, {})['kafka']}"


@pytest.mark.parametrize(
    ("service", "scheme"),
    [
        ("kafka", ""),
        ("redis", "redis://"),
        ("registry", "http://"),
        ("flink", "http://"),
        ("scoring", "http://"),
        ("ingest", "http://"),
    ],
)
def test_a_service_that_is_away_is_named_with_its_setting(service: str, scheme: str) -> None:
    with pytest.raises(Fatal) as caught:
        check({service: scheme + NOWHERE}, within_s=0)
    assert caught.value.message.startswith(f"{service} at {scheme}{NOWHERE} does not answer: ")
    assert f"--{service} (HEADRACE_{service.upper()})" in caught.value.hint


@pytest.mark.parametrize("service", ["kafka", "redis", "registry"])
def test_a_service_that_listens_and_says_nothing_is_not_waited_for(service: str) -> None:
    scheme = {"kafka": "", "redis": "redis://", "registry": "http://"}[service]
    started_at = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(Fatal, match="does not answer"):
        check({service: f"{scheme}127.0.0.1:{server.getsockname()[1]}"}, within_s=0)
    assert time.monotonic() - started_at < 10


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(Fatal) as caught:
        check({"redis": f"redis://me:secret@{NOWHERE}"}, within_s=0)
    assert "secret" not in str(caught.value)


def test_a_name_that_does_not_resolve_is_not_ready() -> None:
    assert why_not_ready("kafka", "no-such-host.invalid:9092") is not None


def test_of_several_brokers_one_that_answers_is_enough() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:
        answer = threads.submit(_answer_as_a_broker, server)
        assert why_not_ready("kafka", f"{NOWHERE}, 127.0.0.1:{server.getsockname()[1]}") is None
        answer.result()


def test_of_several_brokers_that_are_away_each_is_named() -> None:
    said = why_not_ready("kafka", f"{NOWHERE},no-such-host.invalid:9092")
    assert said is not None
    assert f"{NOWHERE}: " in said
    assert "no-such-host.invalid:9092: " in said


def test_a_cluster_that_gets_its_slots_when_a_job_needs_them_is_ready() -> None:
    with _serving(b'{"slots-total": 0, "flink-version": "2.2.1"}') as address:
        assert why_not_ready("flink", address) is None
        assert why_not_ready("flink", address, local=True) == "no slots yet"


def test_what_does_not_answer_as_flink_does_is_not_ready() -> None:
    with _serving(b'"hello"') as address:
        assert why_not_ready("flink", address) == "it does not answer as Flink does"


def _answer_as_a_broker(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1024)
        connection.sendall(struct.pack(">iii", 8, 1, 3))  # size, correlation id, three brokers


@contextmanager
def _serving(body: bytes) -> Iterator[str]:
    """A server that gives the same JSON document whatever it is asked."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [body]

    with make_server("127.0.0.1", 0, application, handler_class=_Silent) as server, ThreadPoolExecutor(1) as threads:
        threads.submit(server.serve_forever, 0.05)
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
