"""Tables of records, as tests write them down: columns, records, and marks for what happens between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from schemas.durations import parse_duration
from schemas.errors import Fatal


class Mark(Enum):
    """What happens at a place of a table, instead of a record."""

    DUPLICATE = "duplicate"
    CORRUPT = "corrupt"
    IDLE = "idle"
    CRASH = "crash"


duplicate = Mark.DUPLICATE
"""The record before, once more."""
corrupt = Mark.CORRUPT
"""The record before, once more, but without its last byte, so that nobody can read it."""
idle = Mark.IDLE
"""Nothing comes for longer than the source's `idle`, until all other tables were read up to their own next mark."""
crash = Mark.CRASH
"""The job fails once it has read what comes up to the next mark, and goes on from a checkpoint that it made here."""


@dataclass(frozen=True)
class Late:
    """In place of an event time: that of a record that is late by so much."""

    by: timedelta


def late_by(duration: str) -> Late:
    """The event time of a record that comes so much later than the lateness of its source allows.

    >>> late_by("1m")
    Late(by=datetime.timedelta(seconds=60))
    """
    return Late(parse_duration(duration))


@dataclass(frozen=True)
class Table:
    """The records of one stream in the order in which they come, and the marks between them.

    `constants` are the fields that are the same in all records. Records with equal values of `partition_by` are in one
    partition; without it there is one.
    """

    columns: tuple[str, ...]
    lines: tuple[tuple[Any, ...] | Mark, ...]
    constants: Mapping[str, Any] = field(default_factory=dict)
    partition_by: str | None = None

    def record(self, line: tuple[Any, ...]) -> dict[str, Any]:
        """The fields of a line and the constant ones."""
        return {**self.constants, **dict(zip(self.columns, line, strict=True))}

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of all fields that it gives."""
        return (*self.columns, *(name for name in self.constants if name not in self.columns))


def table(
    columns: str,
    *lines: tuple[Any, ...] | Mark,
    constants: Mapping[str, Any] | None = None,
    partition_by: str | None = None,
) -> Table:
    """A table with these columns, a tuple for each record, and marks between them. Raises Fatal for one that is none.

    Fields that it does not name are as the schema's defaults say, or null where they may be. Event times are text
    ("08:00", "2013-06-01 08:00") or datetimes.

    >>> departures = table(
    ...     "flight at       origin",
    ...     ("UA1", "08:00", "EWR"),
    ...     duplicate,
    ...     ("UA2", late_by("1m"), "EWR"),
    ... )
    >>> departures.columns, len(departures.lines)
    (('flight', 'at', 'origin'), 3)
    >>> table("flight at", ("UA1",))
    Traceback (most recent call last):
    schemas.errors.Fatal: table: line 1 is ('UA1',), expected 2 values: flight, at
    """
    names = tuple(columns.split()) if isinstance(columns, str) else ()
    if not names or len(set(names)) < len(names):
        raise Fatal(f"table: its columns are {columns!r}", hint='names with spaces between them, each once: "id at"')
    for number, line in enumerate(lines, 1):
        if not isinstance(line, Mark) and (not isinstance(line, tuple) or len(line) != len(names)):
            raise Fatal(f"table: line {number} is {line!r}, expected {len(names)} values: {', '.join(names)}")
    made = Table(names, lines, dict(constants or {}), partition_by)
    if partition_by is not None and partition_by not in made.fields:
        raise Fatal(f'table: is partitioned by "{partition_by}", which it does not have')
    return made
