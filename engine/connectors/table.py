"""Streams as a query or a join sees them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from schemas.durations import parse_duration
from schemas.errors import Fatal

_LONGEST = timedelta(days=999)


class Named(Protocol):
    """A node of a workflow, given to a connector."""

    @property
    def name(self) -> str:
        """The name that its author gave it."""


@dataclass(frozen=True)
class Table:
    """A stream's name, its fields, and the one with the event time; None for a table that has none."""

    name: str
    fields: tuple[str, ...]
    event_time: str | None


def quoted(*names: str) -> str:
    """A name, or one inside another, as SQL takes any name.

    >>> quoted("flights", "at")
    '`flights`.`at`'
    """
    return ".".join(f"`{name}`" for name in names)


def interval(duration: str) -> str:
    """A duration as SQL writes it. Raises Fatal for one that Flink has no type for.

    >>> interval("90m")
    "INTERVAL '0 01:30:00.000' DAY(3) TO SECOND(3)"
    """
    if parse_duration(duration) > _LONGEST:
        raise Fatal(f'duration "{duration}": SQL takes at most {_LONGEST.days} days')
    minutes, rest = divmod(parse_duration(duration), timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"INTERVAL '{days} {hours:02}:{minutes:02}:{rest.total_seconds():06.3f}' DAY(3) TO SECOND(3)"


def names(fields: str | Sequence[str] | None) -> tuple[str, ...]:
    """Field names, given as one or several or none."""
    if fields is None:
        return ()
    return (fields,) if isinstance(fields, str) else tuple(fields)


def check_fields(connector: object, wanted: Iterable[str], *tables: Table) -> None:
    """Raise Fatal, naming the connector, where one of the tables has not all the wanted fields."""
    for name in wanted:
        for table in tables:
            if name not in table.fields:
                there = ", ".join(table.fields)
                raise Fatal(f'{connector!r}: "{table.name}" has no field "{name}"', hint=f"it has {there}")
