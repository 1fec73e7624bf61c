"""From what a feeder found to what is written: records, and dead letters of what the schema cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from engine.plan import NO_PARTITION
from schemas.codec import Encoder
from schemas.errors import BadRecord
from schemas.fitting import Fitting
from schemas.wire import dead_letter_schema
from sources.feeder import Batch, Damaged, Feeder, Record, Unreadable
from sources.kafka_transactions import Outgoing
from sources.kafka_writer import partition_of

OVERHEAD_BYTES = 200  # what Kafka adds to a record that is alone in its batch, and more


@dataclass(frozen=True)
class Target:
    """A topic that a feeder fills for a source of a workflow, with the schema that its author declared, if one."""

    workflow: str
    source: str
    topic: str
    feeder: Feeder
    schema: dict[str, Any] | None = None

    @property
    def subject(self) -> str:
        """The registry's name for the topic's schemas."""
        return f"{self.topic}-value"

    @property
    def dead(self) -> str:
        """Where goes what cannot be a record of the topic."""
        return f"{self.topic}.dead"

    @property
    def positions(self) -> str:
        """The compacted topic that says how far the feeder is."""
        return f"{self.topic}.positions"


@dataclass(frozen=True)
class Written:
    """How a target's records are written: their schema, its ids in the registry, partitions, and the largest size."""

    schema: dict[str, Any]
    schema_id: int
    dead_schema_id: int
    partitions: Sequence[int]
    max_record_bytes: int


def _now() -> datetime:
    return datetime.now(UTC)


class Encoding:
    """Encodes what is found for a target. `clock` gives the instant at which a dead letter failed."""

    def __init__(self, target: Target, written: Written, clock: Callable[[], datetime] = _now) -> None:
        self._target = target
        self._partitions = written.partitions
        self._largest_bytes = written.max_record_bytes - OVERHEAD_BYTES
        self._fitting = Fitting(written.schema)
        self._encoder = Encoder(written.schema, written.schema_id)
        self._dead_encoder = Encoder(dead_letter_schema(), written.dead_schema_id)
        self._clock = clock

    def encode(self, batch: Batch, written: int) -> tuple[list[Outgoing], list[Outgoing]]:
        """The records of a batch and its dead letters; `written` is the number of records in the topic before."""
        records: list[Outgoing] = []
        dead: list[Outgoing] = []
        for index, found in enumerate(batch.records):
            try:
                records.append(self._record(found, written + len(records)))
            except BadRecord as error:
                dead.append(self._dead_letter(found, error, batch.place(index), batch.first + index))
        return records, dead

    def _record(self, found: Record | Unreadable | Damaged, number: int) -> Outgoing:
        if isinstance(found, Unreadable):
            raise BadRecord(found.reason, found.error)
        damaged = isinstance(found, Damaged)
        record = self._fitting.fit(found.record if isinstance(found, Damaged) else found)
        value = self._encoder.encode(record)
        key = self._key(record)
        if len(value) + len(key or b"") > self._largest_bytes:
            raise BadRecord("too_large", f"{len(value)} bytes, and the topic takes {self._largest_bytes}")
        if damaged:
            value = value[: int(len(value) * found.keep)]  # type: ignore[union-attr]
        in_turn = self._partitions[number % len(self._partitions)]
        return Outgoing(self._target.topic, in_turn if key is None else partition_of(key, self._partitions), key, value)

    def _key(self, record: Mapping[str, Any]) -> bytes | None:
        name = self._target.feeder.key
        if name is None:
            return None
        value = record.get(name)
        return b"" if value is None else str(value).encode()

    def _dead_letter(self, found: Any, error: BadRecord, place: str, number: int) -> Outgoing:
        letter = {
            "workflow": self._target.workflow,
            "topic": self._target.topic,
            "partition": NO_PARTITION,
            "offset": number,
            "event_time": None,
            "key": None,
            "value": _bytes_of(found),
            "headers": None,
            "node": self._target.source,
            "reason": error.reason,
            "error": f"{place}: {error.message}",
            "attempt": 1,
            "failed_at": self._clock(),
        }
        return Outgoing(self._target.dead, 0, None, self._dead_encoder.encode(letter))


def _bytes_of(found: Record | Unreadable | Damaged) -> bytes | None:
    """The bytes of what was found; a record that was read already as JSON."""
    if isinstance(found, Unreadable):
        return found.raw
    record = found.record if isinstance(found, Damaged) else found
    return orjson.dumps(record, default=str, option=orjson.OPT_NON_STR_KEYS)
