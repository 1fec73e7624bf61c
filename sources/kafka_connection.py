"""Connections to Kafka: how long they wait, and what their errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from schemas.errors import Fatal, Retryable

CONNECT_TIMEOUT_MS = 8_000


@contextmanager
def errors_of(address: str) -> Iterator[None]:
    """Kafka's errors in our terms: Retryable where the broker is away, Fatal for the rest."""
    try:
        yield
    except KafkaError as error:
        raise translate(address, error) from error


def translate(address: str, error: KafkaError) -> Retryable | Fatal:
    """Our error for one of Kafka's."""
    if isinstance(error, KafkaConnectionError | KafkaTimeoutError):
        hint = "start it, or correct HEADRACE_KAFKA or --kafka"
        return Retryable(f'kafka "{address}": cannot be reached: {error}', hint=hint)
    kind: type[Retryable | Fatal] = Retryable if error.retriable else Fatal
    return kind(f'kafka "{address}": {error}')
