"""Results in the memory of the process that makes them, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from schemas.errors import BadRecord
from schemas.session import Session

Row = Mapping[str, Any]
Coordinates = tuple[str, int, int]

_HELD: dict[str, dict[Coordinates, Row]] = {}  # by the name of the collector: pickling must not tell copies apart


@dataclass(frozen=True)
class Collector:
    """Results kept in memory, for tests that run a worker in their own process.

    Delivery: one result for each record, by its coordinates, so a replay changes nothing. Unit of parallelism: the
    process; what workers in other processes collect is not seen here. Collectors of one name hold the same.

    >>> collector = Collector()
    >>> with collector.open({}) as writer:
    ...     writer.write([{"partition": 0, "offset": 7, "mean": 1.5}])
    {}
    >>> collector.rows()
    [{'partition': 0, 'offset': 7, 'mean': 1.5}]
    """

    schema: str | None = None
    name: str = field(default_factory=lambda: uuid4().hex)

    @property
    def place(self) -> str:
        """Where the results are, in words."""
        return "the worker's memory"

    def open(self, schema: dict[str, Any]) -> CollectorWriter:
        """A writer for results of an Avro schema."""
        return CollectorWriter(_HELD.setdefault(self.name, {}))

    def rows(self) -> list[Row]:
        """What was collected, in the order in which it came first."""
        return list(_HELD.get(self.name, {}).values())


class CollectorWriter(Session):
    """Collects results; a context manager. Made by `Collector.open`."""

    def __init__(self, held: dict[Coordinates, Row]) -> None:
        self._held = held

    def write(self, rows: Sequence[Row]) -> dict[int, BadRecord]:
        """Keep the results; refuses none."""
        self._held.update({(row.get("topic", ""), row["partition"], row["offset"]): row for row in rows})
        return {}

    def close(self) -> None:
        """What was collected stays."""
