"""Where the records of a topic end, which is before its end offsets where a transaction has ended."""

from __future__ import annotations

from collections.abc import Mapping

import kafka
from kafka.errors import UnsupportedCodecError

POLL_MS = 200


def record_ends(consumer: kafka.KafkaConsumer, begins: Mapping[kafka.TopicPartition, int]) -> dict[int, int]:
    """The offset after the last committed record of each partition; where none is after its begin, that.

    The end offset also counts the markers that end transactions, and the records of transactions that were aborted.
    `consumer` reads with `read_committed` and is assigned to nothing else.
    """
    ends = consumer.end_offsets(list(begins))
    return {partition.partition: _end(consumer, partition, begins[partition], end) for partition, end in ends.items()}


def _end(consumer: kafka.KafkaConsumer, partition: kafka.TopicPartition, begin: int, end: int) -> int:
    start, step = end, 1
    while start > begin:
        empty_from, start = start, max(begin, end - step)
        try:
            last = _last(consumer, partition, start, end)
        except UnsupportedCodecError:  # a record that only the JVM can decompress; markers are never compressed
            return empty_from
        if last is not None:
            return last + 1
        step *= 2
    return begin


def _last(consumer: kafka.KafkaConsumer, partition: kafka.TopicPartition, start: int, end: int) -> int | None:
    """The offset of the last record from `start` on and before `end`."""
    consumer.assign([partition])
    consumer.seek(partition, start)
    offsets: list[int] = []
    while consumer.position(partition) < end:
        for records in consumer.poll(timeout_ms=POLL_MS).values():
            offsets += (record.offset for record in records if record.offset < end)
    return max(offsets, default=None)
