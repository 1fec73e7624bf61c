from __future__ import annotations

import socket

import pytest

from engine.local.ports import PORTS, choose_ports
from schemas.errors import Fatal


def test_remembered_ports_are_taken_again_while_they_are_free() -> None:
    first = choose_ports({}, {})
    assert choose_ports({}, first) == first
    with socket.create_server(("127.0.0.1", first["redis"])):
        second = choose_ports({}, first)
    assert second["redis"] != first["redis"]
    assert {**second, "redis": 0} == {**first, "redis": 0}


def test_ports_differ() -> None:
    ports = choose_ports({}, dict.fromkeys(PORTS, 21_000))
    assert len(set(ports.values())) == len(PORTS)


def test_a_given_port_that_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Fatal, match=f'port {port} of "kafka" is taken') as caught:
            choose_ports({"kafka": port}, {})
    assert f"--port kafka={port + 1}" in caught.value.hint


def test_a_port_of_nothing_is_an_error() -> None:
    with pytest.raises(Fatal, match='port of "kafak": there is no such part'):
        choose_ports({"kafak": 1}, {})
