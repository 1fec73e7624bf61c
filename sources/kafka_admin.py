"""What a planner needs of a broker: which topics it has, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import kafka
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError

from schemas.session import Session
from sources.kafka_connection import CONNECT_TIMEOUT_MS, Patience, connecting, errors_of, no_topic
from sources.kafka_ends import record_ends


@dataclass(frozen=True)
class TopicFacts:
    """What a broker says about a topic: where the records of each partition begin and end, the largest record size.

    >>> TopicFacts({0: 7, 1: 9}, {0: 7, 1: 12}, 1 << 20).filled
    [1]
    """

    begin_offsets: Mapping[int, int]
    end_offsets: Mapping[int, int]
    max_record_bytes: int

    @property
    def filled(self) -> list[int]:
        """The partitions that have records; those of the others may have been too old to be kept."""
        return sorted(at for at, end in self.end_offsets.items() if end > self.begin_offsets[at])


@dataclass(frozen=True)
class TopicRules:
    """What a broker asks of the records of a topic: the largest size, its own framing included, and whether a key."""

    max_record_bytes: int
    needs_key: bool = False


class KafkaAdmin(Session):
    """What the planner asks of a broker; a context manager. Raises Retryable when the broker is away."""

    def __init__(self, address: str) -> None:
        self._address = address
        with errors_of(address):
            self._client = kafka.KafkaAdminClient(
                request_timeout_ms=CONNECT_TIMEOUT_MS,
                **connecting(address),
            )

    def topics(self) -> list[str]:
        with errors_of(self._address):
            return sorted(self._client.list_topics())

    def facts(self, topic: str) -> TopicFacts:
        """The state of a topic now. Raises Fatal when there is none of this name."""
        if topic not in self.topics():
            raise no_topic(topic, self._address)
        with self._reading(topic) as (consumer, partitions):
            begins = consumer.beginning_offsets(partitions, timeout_ms=CONNECT_TIMEOUT_MS)
            ends = record_ends(consumer, begins, Patience(self._address))
        return TopicFacts(
            {at.partition: begin for at, begin in begins.items()}, ends, self.rules(topic).max_record_bytes
        )

    def rules(self, topic: str) -> TopicRules:
        """What a topic on the broker asks of its records."""
        with errors_of(self._address):
            resource = ConfigResource(ConfigResourceType.TOPIC, topic)
            configs = self._client.describe_configs([resource], config_filter="all")
        config = next(iter(next(iter(configs.values())).values()))
        return TopicRules(int(config["max.message.bytes"]["value"]), "compact" in config["cleanup.policy"]["value"])

    def offsets_at(self, topic: str, instant: datetime) -> dict[int, int]:
        """The first record of each partition whose timestamp is not before an instant, where there is one."""
        asked_ms = int(instant.timestamp() * 1000)
        with self._reading(topic) as (consumer, partitions):
            found = consumer.offsets_for_times(dict.fromkeys(partitions, asked_ms), timeout_ms=CONNECT_TIMEOUT_MS)
        return {at.partition: one.offset for at, one in found.items() if one is not None}

    def committed(self, topic: str, group: str) -> dict[int, int]:
        """The offsets that a consumer group has committed, where it has."""
        with self._reading(topic, group) as (consumer, partitions):
            found = {at.partition: consumer.committed(at, timeout_ms=CONNECT_TIMEOUT_MS) for at in partitions}
        return {partition: offset for partition, offset in found.items() if offset is not None}

    def behind(self, topic: str, group: str) -> int:
        """How many records of a topic the consumer group has not committed yet."""
        with self._reading(topic, group) as (consumer, partitions):
            committed = {
                partition: consumer.committed(partition, timeout_ms=CONNECT_TIMEOUT_MS) or 0 for partition in partitions
            }
            ends = record_ends(consumer, committed, Patience(self._address))
        return sum(ends.values()) - sum(committed.values())

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

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _reading(
        self, topic: str, group: str | None = None
    ) -> Iterator[tuple[kafka.KafkaConsumer, list[kafka.TopicPartition]]]:
        with errors_of(self._address):
            consumer = kafka.KafkaConsumer(
                **connecting(self._address),
                group_id=group,
                enable_auto_commit=False,
                isolation_level="read_committed",
                fetch_max_wait_ms=10,
            )
            try:
                yield consumer, [kafka.TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
            finally:
                consumer.close(autocommit=False)
