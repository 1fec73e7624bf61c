"""Kafka topics as sinks."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import Fatal


@dataclass(frozen=True)
class Topic:
    """Results to a Kafka topic, as Avro, through Flink's transactions.

    Delivery: exactly once for those who read with `read_committed`. Records keep the key of the record they came from.

    >>> Topic("predictions").topic
    'predictions'
    """

    topic: str

    def __post_init__(self) -> None:
        if not self.topic:
            raise Fatal("topic: the name is empty")
