"""What every feeder is: a description that opens at a position and reads on from there, batch by batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.errors import Fatal
from schemas.session import Session

Record = dict[str, Any]
Position = Mapping[str, Any]
"""Where reading is: by name, what JSON can hold. Empty at first; a batch tells what of it has changed."""

DEFAULT_PARTITIONS = 4


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What stands where a record should be; it becomes a dead letter. `raw` is None where there are no bytes to show.

    `reason` is one of a small fixed set of words.
    """

    raw: bytes | None
    reason: str
    error: str


@dataclass(frozen=True, slots=True)
class Damaged:
    """A record that is meant to arrive corrupt: its encoding is cut after the share `keep` of its bytes."""

    record: Record
    keep: float


@dataclass(frozen=True)
class Batch:
    """Records of one `origin`, the first of which is number `first` there, and what they change of the position.

    Nothing more is expected for `wait_s`; the reader itself never waits. `caught_up` says that all that is there
    for now has been read.

    >>> Batch([{"x": 1}], {"a.csv": 8}, 'file "a.csv"', 7).place(0)
    'file "a.csv", record 7'
    """

    records: Sequence[Record | Unreadable | Damaged]
    moved: Position
    origin: str
    first: int = 0
    wait_s: float = 0.0
    caught_up: bool = False

    def place(self, index: int) -> str:
        """Where the record of this index comes from, in words."""
        return f"{self.origin}, record {self.first + index}"


class Reading(Session):
    """A feeder that is open; a context manager. After an error it is opened anew at the last position.

    `is_text` says that the values of its records are text that may stand for something else.
    """

    is_text = False

    @abstractmethod
    def read(self) -> Batch | None:
        """The next records, None at the end. Raises Retryable where what is read is away, Fatal."""

    def schema(self) -> dict[str, Any] | None:
        """The Avro schema of what is read, where it has one of its own."""
        return None


@dataclass(frozen=True, kw_only=True)
class Feeder(ABC):
    """Brings records from elsewhere to a topic; a description that does nothing until it is opened.

    `key` names the field whose value is the key of each record, so that records of one key keep their order; without it
    they go to the partitions in turn. A topic that is not there is created with `partitions`.
    """

    key: str | None = None
    partitions: int = field(default=DEFAULT_PARTITIONS)

    def __post_init__(self) -> None:
        if self.partitions < 1:
            raise Fatal(f"{type(self).__name__}: partitions is {self.partitions}, expected at least 1")

    @abstractmethod
    def open(self, position: Position) -> Reading:
        """A session that goes on at `position`. Raises Retryable, Fatal."""
