"""Ports on the loopback interface: those of last time while they are free, else others."""

from __future__ import annotations

import random
import socket
from collections.abc import Mapping

from schemas.errors import Fatal

PORTS = ("kafka", "kafka_controller", "redis", "registry", "flink", "flink_rpc", "scoring", "ingest")

# below the range from which systems take the ports of outgoing connections: a client that keeps trying to reach a
# server that is away would end up connected to itself
_CANDIDATES = range(20_000, 30_000)


def choose_ports(given: Mapping[str, int], remembered: Mapping[str, int]) -> dict[str, int]:
    """Return a free port for each name. Raises `Fatal` if one that is given is taken or has no such name.

    >>> ports = choose_ports({"redis": 21379}, {"kafka": 21092})
    >>> ports["redis"], sorted(ports) == sorted(PORTS)
    (21379, True)
    """
    for name, port in given.items():
        if name not in PORTS:
            raise Fatal(f'port of "{name}": there is no such part', hint=f"there are {', '.join(PORTS)}")
        if not is_free(port):
            raise Fatal(
                f'port {port} of "{name}" is taken by another process',
                hint=f"give another one (--port {name}={port + 1}), or none: then a free one is chosen",
            )
    chosen = dict(given)
    for name in PORTS:
        if name not in chosen:
            chosen[name] = _free_port(remembered.get(name), set(chosen.values()))
    return chosen


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port(preferred: int | None, taken: set[int]) -> int:
    for port in (preferred, *random.sample(_CANDIDATES, k=500)):
        if port is not None and port not in taken and is_free(port):
            return port
    raise Fatal("no free port on 127.0.0.1", hint="end some servers, or give ports with --port NAME=PORT")
