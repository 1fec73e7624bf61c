"""Records to Kafka, from Python, all or none: transactions, and who may write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

import kafka
from kafka.errors import InvalidProducerEpochError, KafkaError, ProducerFencedError, TransactionAbortedError

from schemas.errors import Fatal, Retryable
from schemas.session import Session
from sources.kafka_connection import CONNECT_TIMEOUT_MS, connecting, errors_of, translate
from sources.kafka_writer import LARGEST_REQUEST_BYTES

DELIVERY_TIMEOUT_MS = 30_000
LARGEST_BATCH_BYTES = 512 << 10
CLOSE_TIMEOUT_S = 5.0
_ENDED = (ProducerFencedError, InvalidProducerEpochError, TransactionAbortedError)


class Outgoing(NamedTuple):
    """A record that goes to a partition of a topic."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None


class Fenced(Retryable):
    """This writer's turn is over: another has begun under its name, or the broker has ended its transaction."""


class TransactionalWriter(Session):
    """Writes records in transactions; a context manager. Raises Retryable where the broker is away, Fenced, Fatal.

    Opening it ends what an earlier writer of the same `name` had begun, and that writer can write no more. After an
    error it is of no more use: close it, and open another. `batch_bytes` is the most that its topics take at once.
    """

    def __init__(self, address: str, name: str, *, batch_bytes: int = LARGEST_BATCH_BYTES) -> None:
        self._address = address
        self._failed: list[Exception] = []
        with errors_of(address):
            self._producer = kafka.KafkaProducer(
                **connecting(address),
                transactional_id=name,
                linger_ms=5,
                batch_size=min(batch_bytes, LARGEST_BATCH_BYTES),
                max_request_size=LARGEST_REQUEST_BYTES,
                max_block_ms=DELIVERY_TIMEOUT_MS,
                request_timeout_ms=CONNECT_TIMEOUT_MS,
                delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
                metrics_enabled=False,
            )
        try:
            self._producer.init_transactions()
        except KafkaError as error:
            self.close()
            raise self._error(error) from error

    def partitions(self, topic: str) -> Sequence[int]:
        """The partitions of a topic."""
        with errors_of(self._address):
            return sorted(self._producer.partitions_for(topic))

    def commit(self, records: Iterable[Outgoing]) -> None:
        """Write the records in one transaction: when it returns all are committed. Raises what kept it from that."""
        try:
            self._producer.begin_transaction()
            for topic, partition, key, value in records:
                self._producer.send(topic, value, key, partition=partition).add_errback(self._failed.append)
            self._producer.flush()
            if self._failed:
                raise self._failed[0]
            self._producer.commit_transaction()
        except KafkaError as error:
            said = self._error(error)
            # where it fails too, the next writer of this name ends the transaction, or its timeout does
            with suppress(KafkaError):
                self._producer.abort_transaction()
            raise said from error

    def _error(self, error: KafkaError) -> Retryable | Fatal:
        """Our error for one of Kafka's. What kept a record from the broker says more than what it led to."""
        cause = next((failed for failed in self._failed if isinstance(failed, KafkaError)), error)
        # a bare KafkaError is how a producer says that it had met an error before
        if isinstance(cause, _ENDED) or type(cause) is KafkaError:
            return Fenced(f'kafka "{self._address}": the transaction was ended from outside: {cause}')
        return translate(self._address, cause)

    def close(self) -> None:
        self._producer.close(CLOSE_TIMEOUT_S)
