"""The Kafka side of a feeder: its topics, its turn, and one transaction for records, dead letters and position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from engine.feeding.encoding import Target, Written
from engine.feeding.standing import CONFIG, Standing, claim
from schemas.errors import Fatal
from schemas.registry import Registry
from schemas.session import Session
from schemas.wire import LARGEST_DEAD_BYTES, dead_letter_schema
from sources.kafka_admin import KafkaAdmin
from sources.kafka_transactions import Outgoing, TransactionalWriter


class Outlet(Session):
    """What a feeder writes through; a context manager. Raises Retryable, Fatal.

    Opening it makes the topics that are not there, ends the turn of an older feeder of the same topic, and finds out
    how far the topic is. `session` names the feeder that opens it, again and again.
    """

    def __init__(self, target: Target, kafka: str, session: str) -> None:
        self._target = target
        self._feeder = type(target.feeder).__name__
        with KafkaAdmin(kafka) as admin:
            admin.create(target.topic, target.feeder.partitions)
            admin.create(target.dead, 1, {"max.message.bytes": str(LARGEST_DEAD_BYTES)})
            admin.create(target.positions, 1, CONFIG)
            self._max_record_bytes = admin.rules(target.topic).max_record_bytes
        with ExitStack() as opened:
            name = f"headrace-feeder-{target.topic}"
            self._writer = opened.enter_context(TransactionalWriter(kafka, name, batch_bytes=self._max_record_bytes))
            self._writer.commit([claim(target.positions, session)])
            self.standing = Standing.load(kafka, target.positions)
            self._resources = opened.pop_all()
        if self.standing.feeder not in ("", self._feeder):
            self.close()
            raise Fatal(
                f'topic "{target.topic}": has been fed by {self.standing.feeder}, and its position says nothing to '
                f"{self._feeder}",
                hint=f'feed a topic of another name, or delete topic "{target.positions}" to begin anew',
            )

    def written(self, schema: dict[str, Any], registry: Registry) -> Written:
        """How records of this schema are written, once the registry knows it."""
        return Written(
            schema,
            registry.register(self._target.subject, schema),
            registry.register(f"{self._target.dead}-value", dead_letter_schema()),
            self._writer.partitions(self._target.topic),
            self._max_record_bytes,
        )

    def commit(self, records: Sequence[Outgoing], dead: Sequence[Outgoing], position: Mapping[str, Any]) -> None:
        """Write records, dead letters and the position that they lead to, all or none."""
        counts = {"records": len(records), "dead": len(dead)}
        moved = self.standing.moved(self._target.positions, self._feeder, position, **counts)
        self._writer.commit([*records, *dead, *moved])
        self.standing.move(position, **counts)

    def close(self) -> None:
        self._resources.close()


def check_turn(target: Target, kafka: str, session: str) -> None:
    """Raise Fatal where another feeder of this topic has begun since `session` did."""
    if Standing.load(kafka, target.positions).session != session:
        raise Fatal(
            f'topic "{target.topic}": another feeder of it has begun, and this one ends',
            hint="one feeder fills a topic; what this one had not committed, the other one reads",
        )
