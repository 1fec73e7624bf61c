"""What is read and not yet committed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sources.feeder import Batch
from sources.kafka_transactions import Outgoing

MOST_RECORDS = 10_000
MOST_BYTES = 8 << 20
LONGEST_S = 0.5


class Pending:
    """Records, dead letters, and the position that they lead to, gathered for one transaction.

    >>> pending = Pending(clock=lambda: 0.0)
    >>> pending.add(Batch([{"x": 1}], {"a.csv": 1}, "a.csv"), [Outgoing("xs", 0, None, b"1")], [])
    >>> pending.is_full(), pending.take()[2], pending.take()
    (False, {'a.csv': 1}, ([], [], {}))
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._empty()

    def _empty(self) -> None:
        self.records: list[Outgoing] = []
        self._dead: list[Outgoing] = []
        self._position: dict[str, Any] = {}
        self._size_bytes = 0
        self._since = self._clock()

    def add(self, batch: Batch, records: Sequence[Outgoing], dead: Sequence[Outgoing]) -> None:
        if not (self.records or self._dead):
            self._since = self._clock()
        self.records += records
        self._dead += dead
        self._position.update(batch.moved)
        self._size_bytes += sum(len(record.value or b"") for record in (*records, *dead))

    def is_full(self) -> bool:
        """Whether it is enough for a transaction, or has waited long enough for one."""
        many = len(self.records) + len(self._dead) >= MOST_RECORDS or self._size_bytes >= MOST_BYTES
        return many or self._clock() - self._since >= LONGEST_S

    def take(self) -> tuple[list[Outgoing], list[Outgoing], dict[str, Any]]:
        """All of it; nothing is left."""
        taken = self.records, self._dead, self._position
        self._empty()
        return taken
