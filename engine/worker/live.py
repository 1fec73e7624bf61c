"""One shard while it runs: its recoverable state, its epoch, and what its model takes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import time
from typing import Any

from river import compose

from engine.plan import Part
from engine.worker.decoding import FrameDecoder
from engine.worker.lookups import parted
from models.fields import Unknown, may_be_null
from models.nullable import takes_null
from models.outcome import Batch, Outcome
from models.recovery import Recoverable, ShardState
from models.shard import Shard
from schemas.errors import BadRecord
from schemas.frames import Frame, pack
from schemas.table import Entry, copied, without

EPOCH, FEATURES, STAGES = "epoch", "features", "stages"  # notes that travel with a shard's snapshots
UNKNOWN = "any?"


class LiveShard:
    """A shard restored from `state`; `frame` is the last one, and `batch` its decoded records."""

    def __init__(
        self, part: Part, window: int, decoder: FrameDecoder, state: ShardState, *, is_compiled: bool = True
    ) -> None:
        self._part = part
        self._decoder = decoder
        self._nullable = _nullable(part)
        self.frame, self.batch = pack([]), Batch([], [])
        self._records: Sequence[Entry] = ()
        self.newest_arrival_ms = int(time() * 1000)  # what was learned before came before now
        choice = part.choice() if is_compiled else None
        goes_by_twins = choice is not None and choice.reason is None

        def fresh() -> Shard:
            return Shard(part.stages, window, part.inputs, is_compiled=goes_by_twins)

        self._recoverable = Recoverable(self._decode, fresh, state)
        self.shard.rejects.resize(window)
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
        """Apply the records of a frame, with what was looked up for it, and make that last.

        Sinks on the stream itself get its records as they came.
        """
        outcome = self._recoverable.process(data)
        if self._part.shows_records:
            outcome.records = without(self._records, {at: refused.error for at, refused in outcome.rejected.items()})
        estimator = self._part.estimator
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
        frame, found = parted(data)
        self.frame = Frame.decode(frame)
        self.batch = replace(self._decoder.decode(self.frame), found=found)
        if self._part.shows_records:
            self._records = copied(self.batch.records)  # a shard takes the records over
        return self.batch

    def _sample(self, outcome: Outcome) -> Mapping[Any, Any] | None:
        """What the estimator saw of some record of the last frame."""
        estimator = self._part.stages[-1]
        before = self._part.inputs[estimator.name]
        rows = self.batch.records if before == self._part.name else outcome.features[before]
        for row, prediction in zip(rows, outcome.predictions, strict=True):
            if prediction is not None and row is not None and not isinstance(row, BadRecord):
                # records that came as columns still have their label
                return {name: value for name, value in row.items() if name != estimator.label}
        return None


def _nullable(part: Part) -> frozenset[str]:
    """The fields that may be null in what the estimator is given; in the record, where only the data decides that."""
    before = part.fields[part.inputs[part.estimator.name]] if part.estimator else {}
    if isinstance(before, Unknown):
        before = part.fields[part.name]
    fields = before if not isinstance(before, Unknown) else {}
    return frozenset(name for name, kind in fields.items() if may_be_null(kind))


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
