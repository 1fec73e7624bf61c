"""One shard while it runs: its recoverable state, its epoch, and what its model takes in."""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any

from river import compose

from engine.plan import Plan
from engine.worker.decoding import FrameDecoder
from models.nullable import takes_null
from models.outcome import Batch, Outcome
from models.recovery import Recoverable, ShardState
from models.shard import Shard
from schemas.errors import BadRecord
from schemas.frames import Frame

EPOCH, FEATURES, STAGES = "epoch", "features", "stages"  # notes that travel with a shard's snapshots
UNKNOWN = "any?"


class LiveShard:
    """A shard restored from `state`; `batch` holds the decoded records of the last frame."""

    def __init__(self, plan: Plan, decoder: FrameDecoder, state: ShardState) -> None:
        self._plan = plan
        self._decoder = decoder
        self._nullable = frozenset(field["name"] for field in plan.reader["fields"] if "null" in field["type"])
        self.batch = Batch([], [])
        self.newest_arrival_ms = int(time() * 1000)  # what was learned before came before now
        self._recoverable = Recoverable(self._decode, lambda: Shard(plan.stages, plan.dead_window), state)
        self.shard.rejects.resize(plan.dead_window)
        if self.shard.notes.pop(STAGES, self.shard.names) != self.shard.names:
            self.shard.notes.pop(FEATURES, None)  # the estimator may see others by now
        self.shard.notes[STAGES] = self.shard.names

    @property
    def shard(self) -> Shard:
        return self._recoverable.shard

    @property
    def replayed(self) -> int:
        """The frames that were learned again from the log when the shard was last restored."""
        return self._recoverable.replayed

    @property
    def epoch(self) -> int:
        return int(self.shard.notes.get(EPOCH, 0))

    @property
    def features(self) -> Mapping[str, str]:
        """The estimator's inputs and their types, empty before the first record."""
        features: Mapping[str, str] = self.shard.notes.get(FEATURES, {})
        return features

    def begin(self, epoch: int) -> None:
        """Start an epoch; from here on it is part of the state."""
        self.shard.notes[EPOCH] = epoch
        self._recoverable.snapshot()

    def process(self, data: bytes) -> Outcome:
        """Apply the records of a frame and make that last."""
        outcome = self._recoverable.process(data)
        estimator = self._plan.estimator
        if estimator is not None and (not self.features or UNKNOWN in self.features.values()):
            sample = self._sample(outcome)
            if sample is not None:
                self._note_features(inputs_of(estimator.pipeline, sample, self._nullable))
        return outcome

    def _note_features(self, features: Mapping[str, str]) -> None:
        if features != self.features:
            self.shard.notes[FEATURES] = features
            self._recoverable.snapshot()  # replaying the log would not bring them back

    def _decode(self, data: bytes) -> Batch:
        self.batch = self._decoder.decode(Frame.decode(data))
        return self.batch

    def _sample(self, outcome: Outcome) -> Mapping[Any, Any] | None:
        """What the estimator saw of some record of the last frame."""
        *before, estimator = self._plan.stages
        rows = outcome.features[before[-1].name] if before else self.batch.records
        for row, prediction in zip(rows, outcome.predictions, strict=True):
            if prediction is not None and row is not None and not isinstance(row, BadRecord):
                # records that came as columns still have their label
                return row if before else {name: value for name, value in row.items() if name != estimator.label}
        return None


def inputs_of(pipeline: Any, sample: Mapping[Any, Any], nullable: frozenset[str] = frozenset()) -> dict[str, str]:
    """The features that a pipeline reads, in the order of `sample`, and their types; those that may be null end in "?".

    `nullable` are the fields that may be null in a record; not every pipeline learns from such a one.

    >>> inputs_of(compose.Select("delay") | compose.Prefixer("x_"), {"carrier": "UA", "delay": 3.5})
    {'delay': 'number'}
    """
    names = list(sample)
    if isinstance(pipeline, compose.Pipeline):
        first = next(iter(pipeline.steps.values()))
        if type(first) is compose.Select and not any(callable(key) for key in first.keys):
            names = [name for name in sample if name in first.keys]
        elif type(first) is compose.Discard:
            names = [name for name in sample if name not in first.keys]
    types = {name: _type(sample[name]) for name in names}
    for name in nullable.intersection(types):
        if takes_null(pipeline, sample, name):
            types[name] = f"{types[name].rstrip('?')}?"
    return {str(name): type_ for name, type_ in types.items()}


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else UNKNOWN
