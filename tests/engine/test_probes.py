from __future__ import annotations

import socket
import time

import pytest

from engine.local.ports import choose_ports
from engine.probes import check, why_not_ready
from schemas.errors import Fatal

NOWHERE = f"127.0.0.1:{choose_ports({}, {})['kafka']}"


@pytest.mark.parametrize(
    ("service", "scheme"),
    [("kafka", ""), ("redis", "redis://"), ("registry", "http://"), ("flink", "http://"), ("scoring", "http://")],
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
