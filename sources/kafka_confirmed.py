"""Records to Kafka, from Python, with an answer for each: what a service writes that must not promise too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import TypeAlias

import kafka
from kafka.errors import (
    AuthorizationError,
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from schemas.errors import BadRecord, HeadraceError, Retryable
from schemas.session import Session
from sources.kafka_connection import connecting, errors_of, translate
from sources.kafka_writer import LARGEST_REQUEST_BYTES, partition_of

Errors: TypeAlias = Mapping[int, HeadraceError]
Keyed: TypeAlias = tuple[bytes | None, bytes]
"""The key and the value of a record."""

RECONNECT_WITHIN_MS = 1_000


class ConfirmedWriter(Session):
    """Writes records to topics and says of each whether the broker has it; threads may share it.

    Acknowledged means by all replicas in sync, and what the client itself sends again is stored once. Records of one
    key go to one partition, the one that Kafka's own clients choose, in the order they are written. What is not
    acknowledged within `timeout_s` is given up, and may be in the topic all the same. After an error the client's
    count of what it has sent is worth nothing: `abandon` it, and open another. Raises Retryable, Fatal.
    """

    def __init__(self, address: str, timeout_s: float) -> None:
        self._address = address
        self._timeout_s = timeout_s
        with errors_of(address):
            self._producer = kafka.KafkaProducer(
                **connecting(address),
                acks="all",
                enable_idempotence=True,
                delivery_timeout_ms=int(timeout_s * 1000),
                request_timeout_ms=int(timeout_s * 1000) // 2,
                max_block_ms=int(timeout_s * 1000) // 2,
                reconnect_backoff_max_ms=RECONNECT_WITHIN_MS,
                allow_auto_create_topics=False,
                linger_ms=5,
                batch_size=512 << 10,
                max_request_size=LARGEST_REQUEST_BYTES,
                metrics_enabled=False,
            )

    def write(self, topic: str, records: Sequence[Keyed]) -> Future[Errors]:
        """Send records; what comes of it are the errors of those that the broker has not acknowledged, by position.

        BadRecord (`too_large`, `refused`) where the broker refused the record itself, Retryable or Fatal otherwise.
        """
        receipt = _Receipt(len(records), self._address)
        try:
            partitions = sorted(self._producer.partitions_for(topic))
        except KafkaError as error:
            for position in range(len(records)):
                receipt.refused(position, error)
            return receipt.result
        for position, (key, value) in enumerate(records):
            partition = None if key is None else partition_of(key, partitions)
            try:
                sent = self._producer.send(topic, value=value, key=key, partition=partition)
            except KafkaError as error:
                receipt.refused(position, error)
            else:
                sent.add_callback(receipt.acknowledged)
                sent.add_errback(receipt.refused, position)
        return receipt.result

    def close(self) -> None:
        """Wait for what is on its way, and end."""
        try:
            self._producer.flush(self._timeout_s)
        except KafkaTimeoutError:
            self.abandon()
            raise Retryable(f'kafka "{self._address}": has not acknowledged what was written') from None
        self._producer.close(self._timeout_s)

    def abandon(self) -> None:
        """End at once: what is not acknowledged by now fails."""
        sender = self._producer._sender  # kafka-python itself has no end that does not wait for what it cannot send
        sender.force_close()
        sender.join(self._timeout_s)
        self._producer.close(self._timeout_s)


class _Receipt:
    """Counts the answers to a batch; the last one completes `result`. Answers come from the client's own thread."""

    def __init__(self, count: int, address: str) -> None:
        self.result: Future[Errors] = Future()
        self.result.set_running_or_notify_cancel()  # who no longer waits cannot cancel it
        self._address = address
        self._left = count
        self._lock = Lock()
        self._errors: dict[int, HeadraceError] = {}
        if not count:
            self.result.set_result({})

    def acknowledged(self, _: object) -> None:
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last:
            self.result.set_result(self._errors)

    def refused(self, position: int, error: KafkaError) -> None:
        self._errors[position] = _translated(self._address, error)
        self.acknowledged(None)


def _translated(address: str, error: KafkaError) -> HeadraceError:
    if isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
        return BadRecord("too_large", "larger than the topic takes", hint='see its setting "max.message.bytes"')
    if isinstance(error, InvalidRecordError):
        return BadRecord("refused", f"the broker refused it: {error}", hint="a compacted topic asks for a key")
    if isinstance(error, AuthorizationError):
        return translate(address, error)
    return Retryable(f'kafka "{address}": has not acknowledged the record: {error}')
