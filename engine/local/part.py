"""One process of the local platform, as data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Part:
    """A command to keep running. `service` is what it serves; Flink is a service of two parts."""

    name: str
    service: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
