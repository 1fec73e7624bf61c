"""How far a feeder has come."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fed:
    """What a feeder has committed since it began, and what it waits for, if it does; `complete` at the source's end."""

    records: int = 0
    dead: int = 0
    size_bytes: int = 0
    complete: bool = False
    waiting_for: str = ""
