"""The version of a published model: which run of the learner made it, and how much it had learned."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Version:
    """An ordered version: the epoch first, then the count.

    `epoch` is taken anew each time a learner opens, so it also fences one that should be dead; `count` is the number
    of records learned.

    >>> Version(2, 10) > Version(1, 90_000)
    True
    >>> str(Version(2, 10))
    '2.10'
    """

    epoch: int
    count: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.count}"
