"""How many of a shard's latest records were rejected."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Collection, Sequence

import numpy as np

WINDOW = 10_000
BLOCKS = 100


class Rejects:
    """Counts rejected records, of all and of about the last `window`; those counted elsewhere are left out.

    The window moves on by a hundredth of its size, counted in records, so the same records give the same counts however
    they are framed.

    >>> rejects = Rejects(window=1_000)
    >>> for bad in ([0, 1, 2], [], [5]):
    ...     rejects.note(600, bad)
    >>> rejects.records, rejects.rejected, rejects.window_records, rejects.window_rejected
    (1800, 4, 1000, 1)
    """

    def __init__(self, window: int) -> None:
        self.records = self.rejected = 0
        self._block_records = window // BLOCKS
        self._blocks: deque[int] = deque(maxlen=BLOCKS)
        self._open_records = self._open_rejected = 0

    @property
    def window_records(self) -> int:
        return len(self._blocks) * self._block_records + self._open_records

    @property
    def window_rejected(self) -> int:
        return sum(self._blocks) + self._open_rejected

    def resize(self, window: int) -> None:
        """Begin a window of another size; one of the same size goes on."""
        if window // BLOCKS != self._block_records:
            self._block_records = window // BLOCKS
            self._blocks.clear()
            self._open_records = self._open_rejected = 0

    def note(self, records: int, rejected: Collection[int], uncounted: Sequence[bool] = ()) -> None:
        """Count that many records more, of which those at the positions `rejected` were.

        `uncounted` marks those that are left out; empty, none is.
        """
        if uncounted:
            passed = [position for position, is_left_out in enumerate(uncounted) if is_left_out]
            rejected = [at - bisect_left(passed, at) for at in rejected if not uncounted[at]]
            records -= len(passed)
        self.records += records
        self.rejected += len(rejected)
        positions = np.fromiter(rejected, np.int64, len(rejected)) + self._open_records
        full, self._open_records = divmod(self._open_records + records, self._block_records)
        counts = np.bincount(positions // self._block_records, minlength=full + 1).tolist()
        counts[0] += self._open_rejected
        *done, self._open_rejected = counts
        self._blocks.extend(done)
