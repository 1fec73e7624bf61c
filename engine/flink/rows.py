"""Streams of rows in the JVM, for the relational part of a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rows:
    """A stream of rows in the JVM, their type there, and the field with their event time; None for a table."""

    stream: Any
    type: Any
    event_time: str | None

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(self.type.getFieldNames())
