"""What has been read and is not in Kafka yet, and when that is too much."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.ingest.limits import Limits
from engine.ingest.problem import Busy


class Backlog:
    """Lets requests in while Kafka keeps up. For one event loop; `clock` gives seconds.

    >>> now = [0.0]
    >>> backlog = Backlog(Limits(slow_after_s=2), clock=lambda: now[0])
    >>> with backlog.waiting():
    ...     now[0] = 3.0
    ...     backlog.check()
    Traceback (most recent call last):
    engine.ingest.problem.Busy: kafka has not acknowledged records for 3 s
    hint: send the request again later
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._waiting: dict[object, float] = {}  # the oldest first
        self.held_bytes = 0

    def check(self) -> None:
        """Raises Busy while the oldest record waits for too long."""
        oldest = next(iter(self._waiting.values()), None)
        if oldest is not None and (waited_s := self._clock() - oldest) > self._limits.slow_after_s:
            raise Busy(f"kafka has not acknowledged records for {waited_s:.0f} s", hint="send the request again later")

    @contextmanager
    def holding(self) -> Iterator[Callable[[int], None]]:
        """What takes note of bytes that are held until the end. It raises Busy where they would be too many in all."""
        held = 0

        def hold(size_bytes: int) -> None:
            nonlocal held
            if self.held_bytes + size_bytes > self._limits.held_bytes:
                raise Busy(
                    f"{self.held_bytes} bytes wait for kafka, at most {self._limits.held_bytes} may",
                    hint="send the request again later",
                )
            held += size_bytes
            self.held_bytes += size_bytes

        try:
            yield hold
        finally:
            self.held_bytes -= held

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Inside, records wait to be acknowledged."""
        entry = object()
        self._waiting[entry] = self._clock()
        try:
            yield
        finally:
            del self._waiting[entry]
