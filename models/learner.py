"""Predict, then learn, record by record: the hot loop."""

from __future__ import annotations

from typing import Any

from models.copies import Copies
from models.failure import LEARN, PREDICT, TRANSFORM, LearnFailed, refuse
from models.filtering import Filtered
from models.guard import examine_label
from models.outcome import Batch, Outcome
from models.predictions import Prediction
from models.stage import Stage
from models.transforms import Transforms
from schemas.errors import BadRecord, Fatal, Retryable

NEVER = -(1 << 63)


class Learner:
    """An estimator stage that learns from each record by itself: from those with a label, or all where it needs none.

    `learned` counts the records learned; `learned_until` is the largest event time among them, in ms, or `NEVER`.
    """

    def __init__(self, stage: Stage) -> None:
        self.copies = Copies(stage)
        self.learned = 0
        self.learned_until = NEVER

    @property
    def stage(self) -> Stage:
        return self.copies.stage

    def run(self, batch: Batch, transforms: Transforms, outcome: Outcome) -> None:  # noqa: PLR0912 - calls take time
        """Predict and learn all records. Raises LearnFailed."""
        stage, copies = self.copies.stage, self.copies
        node, kind, keyed = stage.name, stage.kind, stage.key is not None
        label: Any = stage.label
        before, learns_before = bool(transforms), transforms.learns
        predictions: list[Prediction | None] = [None] * len(batch.records)
        new = tuple.__new__  # a third of the time of Prediction(...)
        learned, until = self.learned, self.learned_until
        course = None if keyed else copies.course(None)
        if course:
            head, examine, predict, decide, learn, settle = course.hot
        for index, (record, event_time) in enumerate(zip(batch.records, batch.event_times, strict=True)):
            if isinstance(record, BadRecord):
                continue
            spoiled, doing = False, TRANSFORM
            try:
                y = record.pop(label, None)
                if y is not None and y.__class__ is not bool:
                    examine_label(y, kind, node, label)
                if keyed:
                    head, examine, predict, decide, learn, settle = copies.course(
                        copies.key_of(record) if batch.keys is None else batch.keys[index]
                    ).hot
                x: Any = record
                if before:
                    x = transforms.run_one(index, record, outcome)
                    if x is None:
                        continue
                    spoiled = learns_before
                for transform in head:
                    x = transform(x)
                examine(x)
                doing = PREDICT
                said = predict(x)
                entry = (said, None, y, learned) if decide is None else (decide(x, said), said, y, learned)
                if y is not None or label is None:
                    spoiled, doing = True, LEARN
                    learn(x, y)
                    learned += 1
                    if event_time > until:  # noqa: PLR1730 - max() takes longer
                        until = event_time
                if settle:
                    settle(outcome)
                predictions[index] = new(Prediction, entry)
            except (LearnFailed, Retryable, Fatal):
                raise
            except Filtered:
                outcome.filtered.append((index, node))
            except Exception as cause:  # noqa: BLE001 - the boundary around user code
                outcome.reject(index, refuse(index, node, doing, cause, spoiled=spoiled))
        outcome.predictions = predictions
        outcome.learned = learned - self.learned
        self.learned, self.learned_until = learned, until
