"""What a feeder has committed: how far it is, in a compacted topic beside the one that it fills."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from schemas.errors import Fatal
from sources.kafka_reader import StoredRecord, TopicReader
from sources.kafka_transactions import Outgoing

CONFIG = {"cleanup.policy": "compact", "segment.ms": "600000", "min.cleanable.dirty.ratio": "0.2"}
_CLAIM, _TOTALS, _PLACE = b"claim", b"totals", b"at/"


@dataclass
class Standing:
    """The state of a feed: who feeds, of which kind, the number of records and dead letters, and the position.

    A record of the topic replaces the older one of its key: `claim`, `totals`, and `at/<name>` for each name of the
    position, so that a position of many files costs no more to move than that of one.

    >>> standing = Standing(records=2, position={"a.csv": 2})
    >>> moved = list(standing.moved("planes.positions", "Files", {"a.csv": 5}, records=3, dead=0))
    >>> [record.value for record in moved]
    [b'{"feeder": "Files", "records": 5, "dead": 0}', b'5']
    >>> standing.position
    {'a.csv': 2}
    """

    session: str = ""
    feeder: str = ""
    records: int = 0
    dead: int = 0
    position: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, kafka: str, topic: str) -> Self:
        """The newest committed state. Raises Retryable, Fatal."""
        standing = cls()
        with TopicReader(kafka, topic, poll_ms=50) as reader:
            for stored in reader.until_end():
                standing._note(stored, topic)
        return standing

    def moved(
        self, topic: str, feeder: str, position: Mapping[str, Any], *, records: int, dead: int
    ) -> Iterable[Outgoing]:
        """What to write so that the state becomes this much further."""
        totals = {"feeder": feeder, "records": self.records + records, "dead": self.dead + dead}
        yield Outgoing(topic, 0, _TOTALS, json.dumps(totals).encode())
        for name, place in position.items():
            yield Outgoing(topic, 0, _PLACE + name.encode(), json.dumps(place).encode())

    def move(self, position: Mapping[str, Any], *, records: int, dead: int) -> None:
        """Note that it was written."""
        self.records += records
        self.dead += dead
        self.position.update(position)

    def _note(self, stored: StoredRecord, topic: str) -> None:
        try:
            key, said = stored.key or b"", json.loads(stored.value or b"null")
            if key == _CLAIM:
                self.session = said["session"]
            elif key == _TOTALS:
                self.feeder, self.records, self.dead = said["feeder"], said["records"], said["dead"]
            else:
                self.position[key.removeprefix(_PLACE).decode()] = said
        except (ValueError, KeyError, TypeError) as error:
            raise Fatal(f'topic "{topic}": offset {stored.offset} is no position of a feeder: {error}') from error


def claim(topic: str, session: str) -> Outgoing:
    """What a session writes first, so that an older one knows that its turn is over."""
    return Outgoing(topic, 0, _CLAIM, json.dumps({"session": session}).encode())
