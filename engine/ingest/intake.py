"""What becomes of a request, without a transport: the records to write, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.ingest.formats import Entry, Read
from engine.ingest.keys import key_reader
from engine.ingest.limits import Limits
from engine.ingest.topics import Target
from schemas.errors import BadRecord, HeadraceError
from sources.kafka_admin import TopicRules

FRAMING_BYTES = 100  # at most what Kafka keeps beside the key and the value of a record that is alone in its batch


@dataclass(frozen=True)
class Rejection:
    """A record that is not taken: its position in the request, from 0, the field at fault if one is, and the error."""

    position: int
    field: str
    error: str

    @classmethod
    def of(cls, position: int, error: BadRecord) -> Rejection:
        said = f"{error.message} ({error.hint})" if error.hint else error.message
        return cls(position, getattr(error, "field", ""), said)


@dataclass(frozen=True)
class Batch:
    """The good records of a request, (key, value) each, where they stood in it, and the rejections."""

    records: list[tuple[bytes | None, bytes]]
    positions: list[int]
    rejected: list[Rejection]


@dataclass(frozen=True)
class Outcome:
    """What became of a batch: how many records are in Kafka, the rejections, and where Kafka has not answered.

    `unacknowledged` are positions of records that may be in Kafka or not; `trouble` is why.
    """

    accepted: int
    rejected: list[Rejection]
    unacknowledged: list[int]
    trouble: HeadraceError | None


def sort_out(read: Read, body: bytes, target: Target, key: str | None, limits: Limits) -> Batch:
    """Tell the records that fit the topic's schema from those that do not. Raises Refused for a body as a whole."""
    key_of = key_reader(target.schema, key)
    batch = Batch([], [], [])
    for position, entry in enumerate(read(body, target, limits)):
        try:
            record, value = _good(entry)
            key_bytes = key_of(record)
            _check(key_bytes, value, target.rules)
        except BadRecord as error:
            batch.rejected.append(Rejection.of(position, error))
        else:
            batch.records.append((key_bytes, value))
            batch.positions.append(position)
    return batch


def _good(entry: Entry | BadRecord) -> Entry:
    if isinstance(entry, BadRecord):
        raise entry
    return entry


def _check(key: bytes | None, value: bytes, rules: TopicRules) -> None:
    """Raises BadRecord for what the broker would refuse, with all that waits beside it."""
    size = len(key or b"") + len(value) + FRAMING_BYTES
    if size > rules.max_record_bytes:
        raise BadRecord("too_large", f"has {size} bytes, the topic takes {rules.max_record_bytes}")
    if rules.needs_key and key is None:
        raise BadRecord("no_key", "has no key, which a compacted topic asks for", hint="name its field: ?key=")


def conclude(batch: Batch, errors: Mapping[int, HeadraceError]) -> Outcome:
    """What became of a batch, given the errors of its records that the broker has not acknowledged."""
    refused = {at: error for at, error in errors.items() if isinstance(error, BadRecord)}
    lost = {at: error for at, error in errors.items() if at not in refused}
    rejected = [*batch.rejected, *(Rejection.of(batch.positions[at], error) for at, error in refused.items())]
    return Outcome(
        accepted=len(batch.records) - len(errors),
        rejected=sorted(rejected, key=lambda rejection: rejection.position),
        unacknowledged=sorted(batch.positions[at] for at in lost),
        trouble=next(iter(lost.values()), None),
    )
