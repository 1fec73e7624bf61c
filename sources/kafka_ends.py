"""Where the records of a topic end, which is before its end offsets where a transaction has ended."""

from __future__ import annotations

from collections.abc import Mapping

import kafka
from kafka.errors import UnsupportedCodecError

from sources.kafka_connection import CONNECT_TIMEOUT_MS, Patience

POLL_MS = 200


def record_ends(
    consumer: kafka.KafkaConsumer, begins: Mapping[kafka.TopicPartition, int], patience: Patience
) -> dict[int, int]:
    """The offset after the last committed record of each partition; where none is after its begin, that.

    The end offset also counts the markers that end transactions, and the records of transactions that were aborted.
    `consumer` reads with `read_committed` and is assigned to nothing else. Raises Retryable where it gives nothing.
    """
    ends = consumer.end_offsets(list(begins), timeout_ms=CONNECT_TIMEOUT_MS)
    return {
        partition.partition: _end(consumer, partition, (begins[partition], end), patience)
        for partition, end in ends.items()
    }


def position_of(consumer: kafka.KafkaConsumer, partition: kafka.TopicPartition) -> int:
    """The offset that is read next; -1 while the broker has not said where the partition begins."""
    position = consumer.position(partition, timeout_ms=POLL_MS)
    return -1 if position is None else int(position)


def _end(
    consumer: kafka.KafkaConsumer, partition: kafka.TopicPartition, span: tuple[int, int], patience: Patience
) -> int:
    begin, end = span
    start, step = end, 1
    while start > begin:
        empty_from, start = start, max(begin, end - step)
        try:
            last = _last(consumer, partition, (start, end), patience)
        except UnsupportedCodecError:  # a record that only the JVM can decompress; markers are never compressed
            return empty_from
        if last is not None:
            return last + 1
        step *= 2
    return begin


def _last(
    consumer: kafka.KafkaConsumer, partition: kafka.TopicPartition, span: tuple[int, int], patience: Patience
) -> int | None:
    """The offset of the last record from the start of a span on and before its end."""
    start, end = span
    consumer.assign([partition])
    consumer.seek(partition, start)
    offsets: list[int] = []
    while (position := position_of(consumer, partition)) < end:
        patience.reached((partition, start, position))
        for records in consumer.poll(timeout_ms=POLL_MS).values():
            offsets += (record.offset for record in records if record.offset < end)
    return max(offsets, default=None)
