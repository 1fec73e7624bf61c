"""The records of a table with the types of their schema, each with its event time and its partition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.plan import Schema
from engine.testing.instants import at
from engine.testing.tables import Late, Mark, Table
from models.fields import not_null
from schemas.errors import BadRecord, Fatal
from schemas.fields import field_type
from schemas.fitting import Fitting

SPACING = timedelta(seconds=1)  # between the arrivals of records without an event time


@dataclass(frozen=True)
class Typed:
    """A record, its place in time, and its partition."""

    record: dict[str, Any]
    event_time: datetime
    partition: int


@dataclass
class Typing:
    """Types the lines of the table `name`, one after the other. Raises Fatal, naming the line, where one does not fit.

    Without a schema, values stay as they are. `event_time` is the field with the event time, None where records have
    none; then they arrive a second apart.
    """

    name: str
    table: Table
    schema: Schema | None
    event_time: str | None
    lateness: timedelta = timedelta()
    _latest: dict[int, datetime] = field(default_factory=dict)
    _partitions: dict[Any, int] = field(default_factory=dict)
    _count: int = 0

    def __post_init__(self) -> None:
        if self.schema is not None:
            for column in self.table.fields:
                field_type(self.schema, column, f'table "{self.name}": column')
        if self.event_time is not None and self.event_time not in self.table.fields:
            hint = f"it has {', '.join(self.table.fields)}"
            raise Fatal(f'table "{self.name}": has no column "{self.event_time}", the event time', hint=hint)
        self._fit: Callable[[dict[str, Any]], dict[str, Any]] = Fitting(self.schema).fit if self.schema else dict
        fields = self.schema["fields"] if self.schema else ()
        self._instants = {field["name"] for field in fields if _is_instant(field["type"])}

    def lines(self) -> Iterator[Typed | Mark]:
        """The typed records, and the marks as they are."""
        for number, line in enumerate(self.table.lines, 1):
            try:
                yield line if isinstance(line, Mark) else self._typed(self.table.record(line))
            except (Fatal, BadRecord) as error:
                raise Fatal(f'table "{self.name}": line {number}: {error.message}', hint=error.hint) from error

    def _typed(self, record: dict[str, Any]) -> Typed:
        by = self.table.partition_by
        partition = self._partitions.setdefault(record[by] if by else None, len(self._partitions))
        event_time = self._event_time(record, partition)
        self._latest[partition] = max(event_time, self._latest.get(partition, event_time))
        self._count += 1
        for column in self._instants & record.keys():
            record[column] = _instant(record[column])
        return Typed(self._fit(record), event_time, partition)

    def _event_time(self, record: dict[str, Any], partition: int) -> datetime:
        """The place of a record in time, which it is given where it is to be late."""
        if self.event_time is None:
            return at("00:00") + self._count * SPACING
        told = record[self.event_time]
        if isinstance(told, Late):
            if partition not in self._latest:
                raise Fatal("is late, but is the first in its partition", hint="write one before it")
            record[self.event_time] = self._latest[partition] - self.lateness - told.by
        elif told is None:
            return self._latest.get(partition, at("00:00"))
        else:
            record[self.event_time] = at(told) if isinstance(told, str | datetime) else told
        found = record[self.event_time]
        if not isinstance(found, datetime):
            hint = 'write "08:00", "2013-06-01 08:00", a datetime or late_by("1m")'
            raise Fatal(f'event time "{self.event_time}" is {found!r}', hint=hint)
        return found


def _is_instant(kind: Any) -> bool:
    plain = not_null(kind)
    return isinstance(plain, dict) and str(plain.get("logicalType", "")).startswith("timestamp-")


def _instant(value: Any) -> Any:
    return at(value) if isinstance(value, str) else value
