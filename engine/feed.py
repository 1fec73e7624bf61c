"""Feeds records from an iterator to a Kafka topic: as fast as it goes, or paced."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from schemas.avro import load_schema
from schemas.codec import Encoder
from schemas.registry import Registry
from schemas.session import Session
from sources.kafka_admin import KafkaAdmin
from sources.kafka_writer import TopicWriter

T = TypeVar("T")

SHORTEST_WAIT_S = 0.002
REPORT_EVERY_S = 0.25


@dataclass(frozen=True)
class Feed:
    """Where records go: a topic, the schema that they are written with, and the field whose value is their key.

    Records of one key keep their order; those with null in that field share the empty key. Without `key` they are
    spread at random. A topic that is not there is created with `partitions`.

    >>> Feed("flights", schema="flight", key="tailnum").subject
    'flights-value'
    """

    topic: str
    schema: str
    key: str | None = None
    partitions: int = 4

    @property
    def subject(self) -> str:
        """The registry's name for the topic's schemas."""
        return f"{self.topic}-value"

    def key_of(self, record: Mapping[str, Any]) -> bytes | None:
        """The bytes of a record's key."""
        if self.key is None:
            return None
        value = record[self.key]
        return b"" if value is None else str(value).encode()


@dataclass(frozen=True)
class Fed:
    """How far a feed has come; `complete` once the records have ended and the broker has all of them."""

    records: int
    size_bytes: int
    complete: bool = False


def _silent(_: Fed) -> None:
    """For feeds that nobody watches."""


class Producer(Session):
    """A session that writes to one topic; a context manager. Raises Retryable where the broker or registry is away."""

    def __init__(self, feed: Feed, kafka: str, registry: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        schema = load_schema(feed.schema)
        with Registry(registry) as session:
            self._encoder = Encoder(schema, session.register(feed.subject, schema))
        with KafkaAdmin(kafka) as admin:
            admin.create(feed.topic, feed.partitions)
        self._feed = feed
        self._clock = clock
        self._resources = ExitStack()
        self._writer = self._resources.enter_context(TopicWriter(kafka))

    def send(
        self,
        records: Iterable[dict[str, Any]],
        *,
        stop: threading.Event | None = None,
        progress: Callable[[Fed], None] = _silent,
    ) -> Fed:
        """Write the records until they end or `stop` is set, telling `progress` four times a second.

        When it returns the broker has acknowledged all that were written. Raises BadRecord for one that does not fit.
        """
        topic, key_of, encode, write = self._feed.topic, self._feed.key_of, self._encoder.encode, self._writer.write
        stopped = (stop or threading.Event()).is_set
        count = size_bytes = 0
        complete, report_at = True, self._clock() + REPORT_EVERY_S
        for record in records:
            if stopped():
                complete = False
                break
            value = encode(record)
            write(topic, value, key_of(record))
            count += 1
            size_bytes += len(value)
            if self._clock() >= report_at:
                progress(Fed(count, size_bytes))
                report_at = self._clock() + REPORT_EVERY_S
        self._writer.flush()
        fed = Fed(count, size_bytes, complete)
        progress(fed)
        return fed

    def close(self) -> None:
        self._resources.close()


def replayed(
    items: Iterable[T],
    at_s: Callable[[T], float],
    speed: float,
    wait: Callable[[float], object],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[T]:
    """The items as far apart as their instants are, `speed` times as fast; one before the first does not wait.

    >>> waits: list[float] = []
    >>> list(replayed([20, 30, 25, 70], float, 100, waits.append, lambda: sum(waits)))
    [20, 30, 25, 70]
    >>> waits
    [0.1, 0.4]
    """
    started_at, first_s = clock(), 0.0
    for position, item in enumerate(items):
        first_s = at_s(item) if position == 0 else first_s
        ahead_s = (at_s(item) - first_s) / speed - (clock() - started_at)
        if ahead_s > SHORTEST_WAIT_S:
            wait(ahead_s)
        yield item


def paced(
    items: Iterable[T], rate: float, wait: Callable[[float], object], clock: Callable[[], float] = time.monotonic
) -> Iterator[T]:
    """The items, `rate` of them a second. `wait` is given the seconds until the next: `stop.wait`, for instance.

    >>> waits: list[float] = []
    >>> list(paced("abc", rate=2, wait=waits.append, clock=lambda: sum(waits)))
    ['a', 'b', 'c']
    >>> waits
    [0.5, 0.5]
    """
    started_at = clock()
    for position, item in enumerate(items):
        ahead_s = position / rate - (clock() - started_at)
        if ahead_s > SHORTEST_WAIT_S:
            wait(ahead_s)
        yield item
