"""Streams as a query sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Named(Protocol):
    """A node of a workflow, given to a connector."""

    @property
    def name(self) -> str:
        """The name that its author gave it."""


@dataclass(frozen=True)
class Table:
    """A stream's name, its fields, and the one with the event time."""

    name: str
    fields: tuple[str, ...]
    event_time: str


def quoted(*names: str) -> str:
    """A name, or one inside another, as SQL takes any name.

    >>> quoted("flights", "at")
    '`flights`.`at`'
    """
    return ".".join(f"`{name}`" for name in names)
