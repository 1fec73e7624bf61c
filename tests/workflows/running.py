"""Runs a workflow that ships over records in memory, through the learning core, frame by frame."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import cycle, islice
from typing import Any

from engine.plan import Plan
from models.outcome import Batch, Outcome
from models.recovery import MemoryState, Recoverable
from models.shard import Shard

Record = dict[str, Any]


def event_time_ms(record: Record, field: str) -> int:
    instant: datetime = record[field]
    return int(instant.timestamp() * 1000)


def run(plan: Plan, records: Sequence[Record], frame_sizes: Iterable[int] = (500,), crash_after: int = -1) -> _Run:
    """Process the records in frames of the given sizes, in turn; after frame `crash_after` from the kept state."""
    [part] = plan.parts
    assert part.feed.event_time is not None
    outcome, state = Outcome.blank(0, [stage.name for stage in part.stages[:-1]]), MemoryState()
    live = Recoverable(_decode, lambda: Shard(part.stages, inputs=part.inputs), state)
    for number, frame in enumerate(_frames(records, part.feed.event_time, frame_sizes)):
        outcome.extend(live.process(frame))
        if number == crash_after:
            live = Recoverable(_decode, lambda: Shard(part.stages, inputs=part.inputs), state)
    return _Run(outcome, live.shard)


class _Run:
    """What came out of a run, and the shard at its end."""

    def __init__(self, outcome: Outcome, shard: Shard) -> None:
        self.outcome = outcome
        self.shard = shard

    @property
    def probabilities(self) -> list[dict[Any, float] | None]:
        return [prediction and prediction.probabilities for prediction in self.outcome.predictions]


def _frames(records: Iterable[Record], event_time: str, sizes: Iterable[int]) -> Iterator[bytes]:
    remaining = iter(records)
    for size in cycle(sizes):
        frame = list(islice(remaining, size))
        if not frame:
            return
        yield pickle.dumps(Batch(frame, [event_time_ms(record, event_time) for record in frame]))


def _decode(frame: bytes) -> Batch:
    batch: Batch = pickle.loads(frame)
    return batch
