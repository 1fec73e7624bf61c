"""Records from Kafka, in Python: what has been committed to a topic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import kafka

from schemas.session import Session
from sources.kafka_connection import CONNECT_TIMEOUT_MS, STALLED_S, Patience, connecting, errors_of, no_topic
from sources.kafka_ends import position_of


@dataclass(frozen=True)
class StoredRecord:
    """A record as it stands in a topic; `timestamp` in ms since the epoch."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class TopicReader(Session):
    """Reads a topic from its beginning with `read_committed`; a context manager. Raises Retryable, Fatal.

    With `since_ms` it begins at the first record of that Kafka timestamp or a later one. `stalled_s` is how long a
    broker may give nothing while records are left.
    """

    def __init__(
        self,
        address: str,
        topic: str,
        *,
        poll_ms: int = 200,
        stalled_s: float = STALLED_S,
        since_ms: int | None = None,
    ) -> None:
        self._address = address
        self._stalled_s = stalled_s
        self._poll_ms = poll_ms
        with errors_of(address):
            self._consumer = kafka.KafkaConsumer(
                **connecting(address),
                isolation_level="read_committed",
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                fetch_max_wait_ms=min(poll_ms, 100),
            )
            partitions = self._consumer.partitions_for_topic(topic)
        if not partitions:
            raise no_topic(topic, address)
        self._consumer.assign([kafka.TopicPartition(topic, partition) for partition in sorted(partitions)])
        if since_ms is None:
            self._consumer.seek_to_beginning()
        else:
            self._seek(since_ms)

    def _seek(self, since_ms: int) -> None:
        with errors_of(self._address):
            assigned = self._consumer.assignment()
            ends = self._consumer.end_offsets(assigned, timeout_ms=CONNECT_TIMEOUT_MS)  # first: more may come meanwhile
            found = self._consumer.offsets_for_times(dict.fromkeys(assigned, since_ms), timeout_ms=CONNECT_TIMEOUT_MS)
        for partition, end in ends.items():
            first = found.get(partition)
            self._consumer.seek(partition, end if first is None else first.offset)

    def poll(self) -> list[StoredRecord]:
        """What has been committed since the last call; waits for at most `poll_ms`."""
        with errors_of(self._address):
            polled = self._consumer.poll(timeout_ms=self._poll_ms)
        return [
            StoredRecord(record.partition, record.offset, record.timestamp, record.key, record.value)
            for records in polled.values()
            for record in records
        ]

    def until_end(self) -> Iterator[StoredRecord]:
        """The records up to the end that the topic had at the call, uncommitted ones and markers passed over.

        Raises Retryable when the broker goes away meanwhile.
        """
        with errors_of(self._address):
            ends = self._consumer.end_offsets(self._consumer.assignment(), timeout_ms=CONNECT_TIMEOUT_MS)
            patience = Patience(self._address, self._stalled_s)
            while behind := self._behind(ends):
                patience.reached(behind)
                yield from self.poll()

    def _behind(self, ends: Mapping[kafka.TopicPartition, int]) -> dict[kafka.TopicPartition, int]:
        """The partitions with records left before their ends, and where reading is in each."""
        positions = {partition: position_of(self._consumer, partition) for partition in ends}
        return {partition: position for partition, position in positions.items() if position < ends[partition]}

    def close(self) -> None:
        self._consumer.close(autocommit=False)
