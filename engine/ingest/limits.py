"""How much the service takes on at once, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a request may bring, and what all of them together may hold in memory.

    `body_bytes` and `records` are for one request, its body unpacked. `held_bytes` is for all bodies whose records
    Kafka has not acknowledged. A record not acknowledged after `slow_after_s` makes new requests wait outside; after
    `timeout_s` it is given up.
    """

    body_bytes: int = 8 << 20
    records: int = 10_000
    held_bytes: int = 64 << 20
    slow_after_s: float = 2.0
    timeout_s: float = 10.0
