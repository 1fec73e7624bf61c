"""Dead letters, read back: which there are, why, and which were sent again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.plan import dead_topic, redrive_topic
from schemas.codec import Decoder
from schemas.errors import Fatal
from schemas.registry import Registry
from schemas.wire import REFUSED, dead_letter_schema
from sources.kafka_admin import KafkaAdmin
from sources.kafka_reader import TopicReader

Place = tuple[int, int]
"""Partition and offset of a letter in the topic of dead letters."""

_BEGIN = b"fresh"


@dataclass(frozen=True)
class Letter:
    """A dead letter: where it is, its bytes, and what it says."""

    place: Place
    value: bytes
    said: Mapping[str, Any]

    @property
    def failed_at(self) -> datetime:
        at: datetime = self.said["failed_at"]
        return at

    @property
    def is_learned(self) -> bool:
        """Whether its record was learned, and a sink refused the result: sent again it would be learned twice.

        >>> Letter((0, 7), b"", {"reason": "refused"}).is_learned, Letter((0, 8), b"", {"reason": "late"}).is_learned
        (True, False)
        """
        return bool(self.said["reason"] == REFUSED)


@dataclass(frozen=True)
class Selection:
    """Which letters are meant; None takes any. Times are those of the failure, `until` not included.

    >>> letter = Letter((0, 7), b"", {"node": "model", "reason": "late"})
    >>> Selection(reason="late").admits(letter), Selection(node="pages").admits(letter)
    (True, False)
    """

    node: str | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def admits(self, letter: Letter) -> bool:
        return (
            self.node in (None, letter.said["node"])
            and self.reason in (None, letter.said["reason"])
            and (self.since is None or letter.failed_at >= self.since)
            and (self.until is None or letter.failed_at < self.until)
        )


@dataclass(frozen=True)
class Ledger:
    """What was sent again since the workflow was last started anew, and where the letters of that run begin.

    A run that starts anew reads its topics from their beginning, so the letters of those before it are no longer open.
    """

    begins: Mapping[int, int] = field(default_factory=dict)
    sent: frozenset[Place] = frozenset()

    def is_earlier(self, place: Place) -> bool:
        """Whether a letter is of a run before the last fresh start."""
        partition, offset = place
        return offset < self.begins.get(partition, 0)

    def is_open(self, place: Place) -> bool:
        """Whether a letter can be sent again."""
        return not self.is_earlier(place) and place not in self.sent


@dataclass
class Tally:
    """The letters of one node and reason; `earlier` ones are of runs before the last fresh start."""

    letters: int = 0
    open: int = 0
    earlier: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, letter: Letter, ledger: Ledger) -> None:
        self.letters += 1
        self.open += ledger.is_open(letter.place) and not letter.is_learned
        self.earlier += ledger.is_earlier(letter.place)
        self.first = min(self.first or letter.failed_at, letter.failed_at)
        self.last = max(self.last or letter.failed_at, letter.failed_at)


def tallies(letters: Iterable[Letter], ledger: Ledger) -> dict[tuple[str, str], Tally]:
    """The letters counted by node and reason, in the order of these."""
    found: dict[tuple[str, str], Tally] = {}
    for letter in letters:
        found.setdefault((letter.said["node"], letter.said["reason"]), Tally()).add(letter, ledger)
    return dict(sorted(found.items()))


def read_letters(kafka: str, registry: str, workflow: str) -> Iterator[Letter]:
    """The letters that are committed now. Raises Fatal where there is no topic for them, and Retryable."""
    _require_topic(kafka, workflow)
    with Registry(registry) as schemas, TopicReader(kafka, dead_topic(workflow)) as reader:
        decoder = Decoder(dead_letter_schema(), schemas.schema, scanned=True)
        for record in reader.until_end():
            yield Letter((record.partition, record.offset), record.value or b"", decoder.decode(record.value))


def read_ledger(kafka: str, workflow: str) -> Ledger:
    """What is committed of the ledger now. Raises Retryable."""
    with KafkaAdmin(kafka) as admin:
        if redrive_topic(workflow) not in admin.topics():
            return Ledger()
    begins: dict[int, int] = {}
    sent: set[Place] = set()
    with TopicReader(kafka, redrive_topic(workflow)) as reader:
        for record in reader.until_end():
            said, _, places = (record.key or b"").partition(b" ")
            if said == _BEGIN:
                begins = dict(parse_place(place) for place in places.decode().split())
                sent.clear()
            else:
                sent.add(parse_place(said.decode()))
    return Ledger(begins, frozenset(sent))


def key_of(place: Place) -> bytes:
    """The key under which a letter is sent again.

    >>> parse_place(key_of((2, 17)).decode())
    (2, 17)
    """
    partition, offset = place
    return f"{partition}:{offset}".encode()


def key_of_start(begins: Mapping[int, int]) -> bytes:
    """The key that says that a workflow was started anew, when the topic of its dead letters ended there.

    >>> key_of_start({0: 17, 1: 4})
    b'fresh 0:17 1:4'
    """
    return b" ".join((_BEGIN, *map(key_of, sorted(begins.items()))))


def parse_place(text: str) -> Place:
    """A place as its author writes it. Raises Fatal."""
    partition, _, offset = text.partition(":")
    if not (partition.isdecimal() and offset.isdecimal()):
        raise Fatal(f'dead letter "{text}": expected partition:offset', hint="`headrace dead show` names the newest")
    return int(partition), int(offset)


def _require_topic(kafka: str, workflow: str) -> None:
    with KafkaAdmin(kafka) as admin:
        topics = admin.topics()
    if dead_topic(workflow) in topics:
        return
    suffix = dead_topic("")
    others = ", ".join(topic.removesuffix(suffix) for topic in topics if topic.endswith(suffix)) or "none"
    raise Fatal(
        f'workflow "{workflow}": has no topic "{dead_topic(workflow)}" on the broker {kafka}',
        hint=f"it comes with the first run; workflows that have one: {others}",
    )
