"""Kafka topics as sinks."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import Fatal


@dataclass(frozen=True)
class Topic:
    """Results to a Kafka topic, as Avro, through Flink's transactions.

    Delivery: exactly once for those who read with `read_committed`. Records keep the key of the record they came from.
    `schema` names the Avro schema of the features to write, one that ships or the path of an .avsc file.
    Without it all are written, as they are known before anything runs; predictions have a schema of their own.

    >>> Topic("predictions").topic
    'predictions'
    """

    topic: str
    schema: str | None = None

    def __post_init__(self) -> None:
        if not self.topic:
            raise Fatal("topic: the name is empty")

    @property
    def place(self) -> str:
        """Where the results are, in words."""
        return f'topic "{self.topic}", exactly once'
