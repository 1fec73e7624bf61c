"""What is the same for all peers: the stream that they read, and how long it took them."""

from __future__ import annotations

import json
import os
import time

BROKER = os.environ["BENCH_KAFKA"]
TOPIC = os.environ["BENCH_TOPIC"]
RECORDS = int(os.environ["BENCH_RECORDS"])
HEADER_BYTES = 5


class Span:
    """From the first record to the last, in seconds; tells the result on standard output."""

    def __init__(self, records: int = RECORDS) -> None:
        self._left = self._records = records
        self._start = 0.0

    @property
    def is_over(self) -> bool:
        return self._left <= 0

    def begin(self) -> None:
        """Call before the work on a record."""
        if self._left == self._records:
            self._start = time.perf_counter()

    def end(self, records: int = 1) -> None:
        """Call after it, or after that on so many of them."""
        self._left -= records
        if self._left == 0:
            seconds = time.perf_counter() - self._start
            print(json.dumps({"records": self._records, "seconds": seconds}), flush=True)
