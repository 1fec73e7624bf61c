"""Where reading of Kafka topics starts and ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas.errors import Fatal


@dataclass(frozen=True)
class GroupOffsets:
    """The offsets that a consumer group has committed, and for partitions without, the earliest or latest record.

    Without `group` it is the workflow's own, under which its jobs commit with every checkpoint.
    """

    group: str | None = None
    otherwise: Literal["earliest", "latest"] = "earliest"

    def __post_init__(self) -> None:
        if self.otherwise not in ("earliest", "latest"):
            raise Fatal(f'group offsets: "{self.otherwise}" is none of earliest, latest')


@dataclass(frozen=True)
class Offsets:
    """An offset for partitions, by topic.

    >>> Offsets({"orders": {0: 17, 1: 4}}).of("orders")
    {0: 17, 1: 4}
    """

    offsets: Mapping[str, Mapping[int, int]]

    def __post_init__(self) -> None:
        for topic, offsets in self.offsets.items():
            if any(partition < 0 or offset < 0 for partition, offset in offsets.items()):
                raise Fatal(f'topic "{topic}": an offset or partition is negative')

    def of(self, topic: str) -> Mapping[int, int]:
        return self.offsets.get(topic, {})


@dataclass(frozen=True)
class Span:
    """Where a fresh run starts to read its topics, and where it ends.

    An instant means the first record whose Kafka timestamp is not before it. Partitions that `Offsets` do not name are
    read from their earliest record, and to where they end at submission, as are all for an end that is yet to come.
    Without `end` reading goes on for ever.

    >>> Span(start=datetime(2013, 1, 1))
    Traceback (most recent call last):
    schemas.errors.Fatal: span: the start 2013-01-01 00:00:00 has no time zone
    hint: datetime(..., tzinfo=UTC)
    """

    start: Literal["earliest", "latest"] | datetime | GroupOffsets | Offsets = "earliest"
    end: datetime | Offsets | None = None

    def __post_init__(self) -> None:
        if isinstance(self.start, str) and self.start not in ("earliest", "latest"):
            raise Fatal(f'span: the start "{self.start}" is none of earliest, latest')
        for name, instant in (("start", self.start), ("end", self.end)):
            if isinstance(instant, datetime) and instant.tzinfo is None:
                raise Fatal(f"span: the {name} {instant} has no time zone", hint="datetime(..., tzinfo=UTC)")


WHOLE = Span()
