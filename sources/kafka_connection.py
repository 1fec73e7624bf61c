"""Connections to Kafka: how long they wait, and what their errors mean."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from schemas.errors import Fatal, Retryable
from sources.kafka_properties import for_kafka_python

CONNECT_TIMEOUT_MS = 8_000
STALLED_S = 30.0
_HINT = "start it, or correct HEADRACE_KAFKA or --kafka"


def no_topic(topic: str, address: str) -> Fatal:
    """The error that there is no topic of this name."""
    return Fatal(
        f'topic "{topic}": not on the broker {address}',
        hint="create it, check the name, or fill it first: `headrace feed`, `headrace feeders`",
    )


class Servers(str):
    """`host:port` of one broker or several, and with it how to connect; as text it is the addresses alone.

    `properties` are settings of Kafka's clients under the names that Kafka gives them.

    >>> servers = Servers("broker-1:9093", {"security.protocol": "SSL"})
    >>> print(servers, repr(servers), servers.properties["security.protocol"])
    broker-1:9093 'broker-1:9093' SSL
    """

    properties: Mapping[str, str]

    def __new__(cls, address: str, properties: Mapping[str, str] | None = None) -> Servers:
        servers = super().__new__(cls, address)
        servers.properties = dict(properties or getattr(address, "properties", {}))
        return servers


def connecting(address: str) -> dict[str, Any]:
    """What every client of kafka-python is told of an address: where it is, how to connect, how long that may take."""
    properties = for_kafka_python(Servers(address).properties)
    return {"bootstrap_servers": str(address), "bootstrap_timeout_ms": CONNECT_TIMEOUT_MS, **properties}


class Patience:
    """How long reading goes on while a broker gives nothing; kafka-python itself would wait for ever.

    >>> clock = iter([0.0, 25.0, 50.0, 81.0])
    >>> patience = Patience("broker-1:9092", clock=lambda: next(clock))
    >>> for offset in (7, 8, 8):
    ...     patience.reached(offset)
    Traceback (most recent call last):
    schemas.errors.Retryable: kafka "broker-1:9092": has given nothing for 30 s, with records left to read
    hint: start it, or correct HEADRACE_KAFKA or --kafka
    """

    def __init__(self, address: str, timeout_s: float = STALLED_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._clock = clock
        self._position: object = None
        self._moved_at = clock()

    def reached(self, position: object) -> None:
        """Note where reading is before it goes on. Raises Retryable if it has been there for `timeout_s`."""
        now = self._clock()
        if position != self._position:
            self._position, self._moved_at = position, now
        elif now - self._moved_at >= self._timeout_s:
            said = f"has given nothing for {self._timeout_s:.0f} s, with records left to read"
            raise Retryable(f'kafka "{self._address}": {said}', hint=_HINT)


@contextmanager
def errors_of(address: str) -> Iterator[None]:
    """Kafka's errors in our terms: Retryable where the broker is away, Fatal for the rest."""
    try:
        yield
    except KafkaError as error:
        raise translate(address, error) from error


def translate(address: str, error: KafkaError) -> Retryable | Fatal:
    """Our error for one of Kafka's."""
    if isinstance(error, KafkaConnectionError | KafkaTimeoutError):
        return Retryable(f'kafka "{address}": cannot be reached: {error}', hint=_HINT)
    kind: type[Retryable | Fatal] = Retryable if error.retriable else Fatal
    return kind(f'kafka "{address}": {error}')
