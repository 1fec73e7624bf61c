"""Records to Kafka, from Python: what feeders write."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import kafka
from kafka.errors import KafkaError
from kafka.partitioner import murmur2

from schemas.session import Session
from sources.kafka_connection import connecting, errors_of, translate

LARGEST_REQUEST_BYTES = 64 << 20
KEYS_REMEMBERED = 8_192


class TopicWriter(Session):
    """Writes records to topics, each acknowledged by the broker before `flush` returns; a context manager.

    Records of one key go to one partition, the one that Kafka's own clients choose, in the order they are written.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._failed: list[Exception] = []
        with errors_of(address):
            self._producer = kafka.KafkaProducer(
                **connecting(address),
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
            raise translate(self._address, error) from error  # a context manager would cost a microsecond a record

    def flush(self) -> None:
        """Wait until the broker has acknowledged everything written. Raises what kept a record from it."""
        with errors_of(self._address):
            self._producer.flush()
            if self._failed:
                raise self._failed[0]

    def _choose_partition(self, topic: str, key: bytes) -> int:
        return partition_of(key, sorted(self._producer.partitions_for(topic)))

    def close(self) -> None:
        with errors_of(self._address):
            self._producer.close()


def partition_of(key: bytes, partitions: Sequence[int]) -> int:
    """The partition that Kafka's own clients choose for a key.

    >>> partition_of(b"N14228", range(4))
    0
    """
    return partitions[_hash(key) % len(partitions)]


@lru_cache(maxsize=KEYS_REMEMBERED)
def _hash(key: bytes) -> int:
    hashed: int = murmur2(key) & 0x7FFFFFFF  # in Python: kafka-python would do it again for every record
    return hashed
