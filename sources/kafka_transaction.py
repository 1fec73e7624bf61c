"""Records to Kafka in transactions, from Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import kafka
from kafka.errors import InvalidProducerEpochError, KafkaError, ProducerFencedError

from schemas.errors import Fatal, HeadraceError
from schemas.session import Session
from sources.kafka_connection import CONNECT_TIMEOUT_MS, translate
from sources.kafka_writer import LARGEST_REQUEST_BYTES

TIMEOUT_MS = 60_000  # the broker ends a transaction itself whose writer is gone for so long


class TransactionWriter(Session):
    """Writes records in transactions under a name; a context manager. Raises Retryable, Fatal.

    Delivery: exactly once for those who read with `read_committed`. Who opens a writer under the same name ends what
    the one before has not committed, which can commit nothing more.
    """

    def __init__(self, address: str, name: str) -> None:
        self._address = address
        self._name = name
        with self._errors():
            self._producer = kafka.KafkaProducer(
                bootstrap_servers=address,
                bootstrap_timeout_ms=CONNECT_TIMEOUT_MS,
                transactional_id=name,
                transaction_timeout_ms=TIMEOUT_MS,
                linger_ms=5,
                batch_size=512 << 10,
                max_request_size=LARGEST_REQUEST_BYTES,
                metrics_enabled=False,
            )
            self._producer.init_transactions()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is written inside it can be read once it ends, all at once; nothing of it where it fails."""
        with self._errors():
            self._producer.begin_transaction()
        try:
            yield
            with self._errors():
                self._producer.commit_transaction()
        except BaseException as error:
            if not _is_fenced(error.__cause__):  # then there is nothing left to end
                with self._errors():
                    self._producer.abort_transaction()
            raise

    def write(self, topic: str, value: bytes | None, key: bytes | None, partition: int) -> None:
        """Add a record to the transaction at hand."""
        try:
            self._producer.send(topic, value=value, key=key, partition=partition)
        except KafkaError as error:
            raise self._translated(error) from error

    def close(self) -> None:
        with self._errors():
            self._producer.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except KafkaError as error:
            raise self._translated(error) from error

    def _translated(self, error: KafkaError) -> HeadraceError:
        if _is_fenced(error):
            hint = "let one of the two come to its end, then start the other one again"
            return Fatal(f'transactions "{self._name}": another process has taken them over', hint=hint)
        return translate(self._address, error)


def _is_fenced(error: BaseException | None) -> bool:
    """Whether an error of Kafka's is, or comes from, that of a writer which another one has taken over from."""
    fenced = ProducerFencedError | InvalidProducerEpochError
    return isinstance(error, fenced) or any(isinstance(part, fenced) for part in getattr(error, "args", ()))
