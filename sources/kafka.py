"""Kafka topics as sources, and what a planner or a feeder needs of a broker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Literal

import kafka
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, TopicAlreadyExistsError
from kafka.partitioner import murmur2

from schemas.durations import parse_duration
from schemas.errors import Fatal, Retryable
from schemas.session import Session

CONNECT_TIMEOUT_MS = 8_000
LARGEST_REQUEST_BYTES = 64 << 20
KEYS_REMEMBERED = 8_192


@dataclass(frozen=True)
class KafkaTopic:
    """A topic of Avro records in Confluent's framing.

    Delivery: exactly once, by Flink's checkpoints. Unit of parallelism: the partition. `event_time` names the field
    that holds each record's event time (without it: the Kafka timestamp); a record is late when it is more than
    `lateness` behind the latest before it in its own partition. One whose event time is more than `max_ahead` after its
    Kafka timestamp is refused. `schema` names the schema to read with, one that ships or a path to an .avsc file;
    without it, the registry's newest for the topic. A partition without records for `idle` no longer holds up the
    others, live. `non_finite` says whether a record with a float that is not finite is refused at the source.

    >>> KafkaTopic("flights", schema="flight", event_time="departed_at", lateness="10m").lateness_time
    datetime.timedelta(seconds=600)
    """

    topic: str
    event_time: str | None = None
    lateness: str = "0s"
    schema: str | None = None
    max_ahead: str = "1h"
    idle: str = "30s"
    start: Literal["earliest", "latest"] = "earliest"
    non_finite: Literal["reject", "pass"] = "reject"

    def __post_init__(self) -> None:
        if not self.topic:
            raise Fatal("topic: the name is empty")
        for choice, allowed in ((self.start, ("earliest", "latest")), (self.non_finite, ("reject", "pass"))):
            if choice not in allowed:
                raise Fatal(f'topic "{self.topic}": "{choice}" is none of {", ".join(allowed)}')
        for duration in (self.lateness, self.max_ahead, self.idle):
            parse_duration(duration)

    @property
    def lateness_time(self) -> timedelta:
        return parse_duration(self.lateness)


@dataclass(frozen=True)
class TopicFacts:
    """What a broker says about a topic: the end offset of each partition, and the largest record it takes."""

    end_offsets: Mapping[int, int]
    max_record_bytes: int


class KafkaAdmin(Session):
    """What the planner asks of a broker; a context manager. Raises Retryable when the broker is away."""

    def __init__(self, address: str) -> None:
        self._address = address
        with errors_of(address):
            self._client = kafka.KafkaAdminClient(
                bootstrap_servers=address,
                bootstrap_timeout_ms=CONNECT_TIMEOUT_MS,
                request_timeout_ms=CONNECT_TIMEOUT_MS,
            )

    def topics(self) -> list[str]:
        with errors_of(self._address):
            return sorted(self._client.list_topics())

    def facts(self, topic: str) -> TopicFacts:
        """The state of a topic now. Raises Fatal when there is none of this name."""
        if topic not in self.topics():
            raise Fatal(f'topic "{topic}": not on the broker {self._address}', hint="create it, or check the name")
        with errors_of(self._address):
            resource = ConfigResource(ConfigResourceType.TOPIC, topic)
            configs = self._client.describe_configs([resource], config_filter="all")
            size = next(iter(next(iter(configs.values())).values()))["max.message.bytes"]["value"]
        with errors_of(self._address):
            consumer = kafka.KafkaConsumer(bootstrap_servers=self._address, bootstrap_timeout_ms=CONNECT_TIMEOUT_MS)
            try:
                partitions = [kafka.TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
                ends = consumer.end_offsets(partitions)
            finally:
                consumer.close(autocommit=False)
        return TopicFacts({partition.partition: end for partition, end in ends.items()}, int(size))

    def behind(self, topic: str, group: str) -> int:
        """How many records of a topic the consumer group has not committed yet."""
        with errors_of(self._address):
            consumer = kafka.KafkaConsumer(
                bootstrap_servers=self._address, bootstrap_timeout_ms=CONNECT_TIMEOUT_MS, group_id=group
            )
            try:
                partitions = [kafka.TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
                ends = consumer.end_offsets(partitions)
                return sum(end - (consumer.committed(partition) or 0) for partition, end in ends.items())
            finally:
                consumer.close(autocommit=False)

    def create(self, topic: str, partitions: int = 4, config: Mapping[str, str] | None = None) -> bool:
        """Create a topic and wait until it can be used; False if it was there."""
        with errors_of(self._address):
            try:
                self._client.create_topics(
                    {topic: {"num_partitions": partitions, "configs": dict(config or {})}}, wait_for_metadata=True
                )
            except TopicAlreadyExistsError:
                return False
        return True

    def delete(self, topic: str) -> None:
        with errors_of(self._address):
            self._client.delete_topics([topic])

    def close(self) -> None:
        self._client.close()


class TopicWriter(Session):
    """Writes records to topics, each acknowledged by the broker before `flush` returns; a context manager.

    Records of one key go to one partition, the one that Kafka's own clients choose, in the order they are written.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._failed: list[Exception] = []
        with errors_of(address):
            self._producer = kafka.KafkaProducer(
                bootstrap_servers=address,
                bootstrap_timeout_ms=CONNECT_TIMEOUT_MS,
                linger_ms=5,
                batch_size=512 << 10,
                max_request_size=LARGEST_REQUEST_BYTES,
                metrics_enabled=False,
            )
        self._partition_of = lru_cache(maxsize=KEYS_REMEMBERED)(self._choose_partition)

    def write(self, topic: str, value: bytes | None, key: bytes | None = None, partition: int | None = None) -> None:
        try:
            if partition is None and key is not None:
                partition = self._partition_of(topic, key)
            self._producer.send(topic, value=value, key=key, partition=partition).add_errback(self._failed.append)
        except KafkaError as error:
            raise _named(self._address, error) from error

    def flush(self) -> None:
        """Wait until the broker has acknowledged everything written. Raises what kept a record from it."""
        with errors_of(self._address):
            self._producer.flush()
            if self._failed:
                raise self._failed[0]

    def _choose_partition(self, topic: str, key: bytes) -> int:
        # kafka-python would hash again for every record, in Python
        partitions = sorted(self._producer.partitions_for(topic))
        chosen: int = partitions[(murmur2(key) & 0x7FFFFFFF) % len(partitions)]
        return chosen

    def close(self) -> None:
        with errors_of(self._address):
            self._producer.close()


@contextmanager
def errors_of(address: str) -> Iterator[None]:
    """Kafka's errors in our terms: Retryable where the broker is away, Fatal for the rest."""
    try:
        yield
    except KafkaError as error:
        raise _named(address, error) from error


def _named(address: str, error: KafkaError) -> Retryable | Fatal:
    if isinstance(error, KafkaConnectionError | KafkaTimeoutError):
        hint = "start it, or correct HEADRACE_KAFKA or --kafka"
        return Retryable(f'kafka "{address}": cannot be reached: {error}', hint=hint)
    kind: type[Retryable | Fatal] = Retryable if error.retriable else Fatal
    return kind(f'kafka "{address}": {error}')
