"""Kafka topics as sinks, and a reader of what has been committed to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import kafka
from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from schemas.errors import Fatal, Retryable
from schemas.session import Session

CONNECT_TIMEOUT_MS = 8_000


@dataclass(frozen=True)
class Topic:
    """Results to a Kafka topic, as Avro, through Flink's transactions.

    Delivery: exactly once for those who read with `read_committed`. Records keep the key of the record they came from.

    >>> Topic("predictions").topic
    'predictions'
    """

    topic: str

    def __post_init__(self) -> None:
        if not self.topic:
            raise Fatal("topic: the name is empty")


@dataclass(frozen=True)
class StoredRecord:
    """A record as it stands in a topic; `timestamp` in ms since the epoch."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class TopicReader(Session):
    """Reads a topic from its beginning with `read_committed`; a context manager. Raises Retryable, Fatal."""

    def __init__(self, address: str, topic: str, *, poll_ms: int = 200) -> None:
        self._address = address
        self._poll_ms = poll_ms
        try:
            self._consumer = kafka.KafkaConsumer(
                bootstrap_servers=address,
                bootstrap_timeout_ms=CONNECT_TIMEOUT_MS,
                isolation_level="read_committed",
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                fetch_max_wait_ms=min(poll_ms, 100),
            )
            partitions = self._consumer.partitions_for_topic(topic)
        except KafkaError as error:
            raise _ours(address, error) from error
        if not partitions:
            raise Fatal(f'topic "{topic}": not on the broker {address}', hint="create it, or check the name")
        self._consumer.assign([kafka.TopicPartition(topic, partition) for partition in sorted(partitions)])
        self._consumer.seek_to_beginning()

    def poll(self) -> list[StoredRecord]:
        """What has been committed since the last call; waits for at most `poll_ms`."""
        try:
            polled = self._consumer.poll(timeout_ms=self._poll_ms)
        except KafkaError as error:
            raise _ours(self._address, error) from error
        return [
            StoredRecord(record.partition, record.offset, record.timestamp, record.key, record.value)
            for records in polled.values()
            for record in records
        ]

    def until_end(self) -> Iterator[StoredRecord]:
        """The records up to the end that the topic had at the call, uncommitted ones and markers passed over."""
        try:
            partitions = self._consumer.assignment()
            ends = self._consumer.end_offsets(partitions)
            while any(self._consumer.position(partition) < end for partition, end in ends.items()):
                yield from self.poll()
        except KafkaError as error:
            raise _ours(self._address, error) from error

    def close(self) -> None:
        self._consumer.close(autocommit=False)


def _ours(address: str, error: KafkaError) -> Retryable | Fatal:
    if isinstance(error, KafkaConnectionError | KafkaTimeoutError):
        hint = "start it, or correct HEADRACE_KAFKA or --kafka"
        return Retryable(f'kafka "{address}": cannot be reached: {error}', hint=hint)
    return (Retryable if error.retriable else Fatal)(f'kafka "{address}": {error}')
