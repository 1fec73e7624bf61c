"""Questions to a service that only a working one answers."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import httpx

from schemas.errors import Fatal, HeadraceError
from sinks.redis_connection import connect, errors_of
from sources.kafka_admin import KafkaAdmin
from sources.kafka_connection import Servers

_TIMEOUT_S = 2.0
_ALL_BROKERS_S = 10.0
_METADATA_V1 = struct.Struct(">hhihi")  # api key, api version, correlation id, client id (null), number of topics
_RESPONSE = struct.Struct(">ii")  # correlation id, number of brokers


class NotReady(Exception):
    """The service does not answer, or not as it should; the text says how."""


def probe(service: str, address: str, *, local: bool = False) -> None:
    """Ask a service for a sign of life, for two seconds at most, several brokers for ten. Raises `NotReady`.

    Flink of the `local` platform has slots from the start, other clusters may get them when a job needs them.
    """
    try:
        (_LOCAL_PROBES if local else _PROBES)[service](address)
    except (OSError, httpx.HTTPError, struct.error, ValueError) as error:
        raise NotReady(str(error) or type(error).__name__) from error
    except HeadraceError as error:
        raise NotReady(error.message) from error


def check(addresses: Mapping[str, str], within_s: float = 8.0) -> None:
    """Make sure that services which run elsewhere are there. Raises `Fatal` naming address and setting if one is not.

    >>> check({"kafka": "127.0.0.1:1"}, within_s=0)
    Traceback (most recent call last):
    schemas.errors.Fatal: kafka at 127.0.0.1:1 does not answer: [Errno 111] Connection refused
    hint: start it, or correct --kafka (HEADRACE_KAFKA)
    """
    deadline = time.monotonic() + within_s
    for service, address in addresses.items():
        while (said := why_not_ready(service, address)) is not None:
            if time.monotonic() > deadline:
                raise Fatal(
                    f"{service} at {_without_password(address)} does not answer: {said}",
                    hint=f"start it, or correct --{service} (HEADRACE_{service.upper()})",
                )
            time.sleep(0.2)


def why_not_ready(service: str, address: str, *, local: bool = False) -> str | None:
    """Return what is wrong with a service, or None if it is ready, as `probe` sees it.

    >>> why_not_ready("redis", "redis://127.0.0.1:1") is None
    False
    """
    try:
        probe(service, address, local=local)
    except NotReady as error:
        return str(error)
    return None


def _kafka(address: str) -> None:
    """Ask one server after the other, as a client does; one that answers is enough."""
    if Servers(address).properties:
        return _asked_by_a_client(address)
    servers = [server.strip() for server in address.split(",")]
    deadline = time.monotonic() + _ALL_BROKERS_S
    said = []
    for server in servers:
        timeout_s = min(_TIMEOUT_S, _ALL_BROKERS_S / len(servers), deadline - time.monotonic())
        if timeout_s <= 0:
            break
        try:
            return _broker(server, timeout_s)
        except (OSError, struct.error, ValueError, NotReady) as error:
            said.append(f"{server}: {error}" if len(servers) > 1 else str(error))
    raise NotReady("; ".join(said))


def _asked_by_a_client(address: str) -> None:
    """Brokers that want to know who asks are asked by a client that can tell them."""
    with KafkaAdmin(address) as admin:
        admin.topics()


def _broker(server: str, timeout_s: float) -> None:
    """Ask for the brokers of the cluster: one that has just started is listed once it takes requests."""
    host, _, port = server.rpartition(":")
    request = _METADATA_V1.pack(3, 1, 1, -1, 0)
    with socket.create_connection((host, int(port)), timeout=timeout_s) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        reply = connection.makefile("rb")
        (size,) = struct.unpack(">i", reply.read(4))
        _, brokers = _RESPONSE.unpack_from(reply.read(size))
    if brokers < 1:
        raise NotReady("no broker has joined the cluster yet")


def _redis(address: str) -> None:
    client = connect(address)
    try:
        with errors_of(client):
            client.ping()
    finally:
        client.close()


def _flink(address: str) -> None:
    _slots(address)


def _local_flink(address: str) -> None:
    if _slots(address) < 1:
        raise NotReady("no slots yet")


def _slots(address: str) -> int:
    overview = _get(f"{address}/overview").json()
    if not isinstance(overview, dict) or "slots-total" not in overview:
        raise NotReady("it does not answer as Flink does")
    return int(overview["slots-total"])


def _registry(address: str) -> None:
    _get(f"{address}/subjects")


def _scoring(address: str) -> None:
    _get(f"{address}/healthz")


def _ingest(address: str) -> None:
    _get(f"{address}/readyz")


def _get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=_TIMEOUT_S, trust_env=False).raise_for_status()


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    return address.replace(f"{parts.username or ''}:{parts.password}@", "") if parts.password else address


_PROBES: Mapping[str, Callable[[str], None]] = {
    "kafka": _kafka,
    "redis": _redis,
    "registry": _registry,
    "flink": _flink,
    "scoring": _scoring,
    "ingest": _ingest,
}
_LOCAL_PROBES = {**_PROBES, "flink": _local_flink}
