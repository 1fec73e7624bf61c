"""Models that survive a crash: a snapshot, and a log of the frames learned since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Protocol

from models.failure import LearnFailed
from models.learner import NEVER
from models.outcome import Batch, Outcome, Rejection
from models.pickled import dump, load
from models.shard import Shard

BETWEEN_S = 3.0
PICKLE_SHARE = 20.0


class ShardState(Protocol):
    """Where a shard's snapshot and log are kept, so that a crash takes back both or neither."""

    def snapshot(self) -> bytes | None:
        """The last snapshot, None before the first."""

    def log(self) -> list[bytes]:
        """The frames appended since, in order."""

    def append(self, entry: bytes) -> None:
        """Add a frame to the log."""

    def replace(self, snapshot: bytes) -> None:
        """Store a new snapshot and clear the log."""


class MemoryState:
    """A shard's state in memory, for tests and for runs that need not survive."""

    def __init__(self) -> None:
        self._snapshot: bytes | None = None
        self._log: list[bytes] = []

    def snapshot(self) -> bytes | None:
        return self._snapshot

    def log(self) -> list[bytes]:
        return list(self._log)

    def append(self, entry: bytes) -> None:
        self._log.append(entry)

    def replace(self, snapshot: bytes) -> None:
        self._snapshot = snapshot
        self._log.clear()


class Recoverable:
    """A live shard whose state can be restored at any moment, to the last bit: load the snapshot, replay the log.

    A snapshot is taken once the last is 3 s old (by `clock`), and the work since is 20 times as long as pickling was
    then: a large model is pickled rarely, and what all shards of a worker have in their logs is soon replayed. Where
    nothing learns no frames are kept: a crash loses what was counted since the last snapshot, and nothing else. A
    record that fails inside learning leaves no trace: the shard is restored and the frame applied without it.

    >>> from river import linear_model
    >>> from models.stage import Stage
    >>> def fresh():
    ...     return Shard([Stage("model", linear_model.LinearRegression(), label="y")])
    >>> def decode(frame):
    ...     return Batch([{"a": float(byte), "y": 1.0} for byte in frame], list(frame))
    >>> state = MemoryState()
    >>> _ = Recoverable(decode, fresh, state).process(b"abc")
    >>> Recoverable(decode, fresh, state).shard.learned
    3
    """

    def __init__(
        self,
        decode: Callable[[bytes], Batch],
        fresh: Callable[[], Shard],
        state: ShardState,
        *,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._decode = decode
        self._state = state
        self._clock = clock
        self._taken_at = self._work_s = self._pickle_s = 0.0
        self._spoiled = False
        self.replayed = 0
        if state.snapshot() is None:
            # Stored before the first record: a model without a seed of its own starts from the same one again.
            self.shard = fresh()
            self.snapshot()
        else:
            self.shard = self._restored()
            self._take_on(fresh())

    def _take_on(self, planned: Shard) -> None:
        """Make the shard the one that is planned now: with more stages than before, or ones that do something else."""
        if planned.shape != self.shard.shape or planned.transforms.are_some_stateless:
            planned.adopt(self.shard)
            self.shard = planned
            self.snapshot()

    def process(self, frame: bytes) -> Outcome:
        """Apply the records of `frame` and make that last. Errors of `decode`, Retryable and Fatal pass through."""
        if self._spoiled:
            self.shard = self._restored()
        self._spoiled = True  # until all went well
        started = self._clock()
        try:
            outcome = self.shard.apply(self._decode(frame))
        except LearnFailed as failure:
            outcome = self._apply_without(frame, failure)
            self.snapshot()
        else:
            ended = self._clock()
            self._work_s += ended - started
            self._remember(frame, ended)
        self._spoiled = False
        return outcome

    def _remember(self, frame: bytes, now: float) -> None:
        if now - self._taken_at >= BETWEEN_S and self._work_s >= PICKLE_SHARE * self._pickle_s:
            self.snapshot()
        elif self.shard.learns:
            self._state.append(frame)

    def snapshot(self) -> None:
        """Store the shard as it is now, its notes included."""
        started = self._clock()
        self._state.replace(dump(self.shard))
        self._taken_at = self._clock()
        self._pickle_s = self._taken_at - started
        self._work_s = 0.0

    def _restored(self) -> Shard:
        snapshot = self._state.snapshot()
        assert snapshot is not None
        started = self._clock()
        shard: Shard = load(snapshot)
        log = self._state.log()
        for frame in log:
            shard.apply(self._decode(frame))
        self.replayed = len(log)
        self._taken_at = self._clock()
        self._work_s = self._taken_at - started
        return shard

    def _apply_without(self, frame: bytes, bad: LearnFailed | None) -> Outcome:
        """Apply `frame` without the records that fail in learning, setting the shard down after each of them.

        What came before a failure may fail by itself: mini-batches predict where the records at hand end.
        """
        self.shard = self._restored()
        outcome = self.shard.apply(Batch([], []))
        good = dump(self.shard)
        while True:
            start = len(outcome.predictions)
            stop = None if bad is None else start + bad.index
            try:
                outcome.extend(self.shard.apply(self._slice(frame, start, stop)))
            except LearnFailed as another:
                self.shard, bad = load(good), another
                continue
            if bad is None:
                return outcome
            outcome.extend(self._skip(bad, self._slice(frame, start + bad.index, start + bad.index + 1).uncounted))
            good, bad = dump(self.shard), None

    def _skip(self, failure: LearnFailed, uncounted: Sequence[bool]) -> Outcome:
        outcome = self.shard.apply(Batch([failure.error], [NEVER], uncounted))
        outcome.rejected[0] = Rejection(failure.node, failure.error)
        return outcome

    def _slice(self, frame: bytes, start: int, stop: int | None) -> Batch:
        return self._decode(frame).slice(start, stop)
