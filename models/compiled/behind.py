"""Stages in front of a compiled one go record by record; what they give is put into columns for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.compiled.entry import Columns
from models.copies import Copies
from models.failure import TRANSFORM, LearnFailed, refuse
from models.guard import examine_label
from models.outcome import Batch, Outcome
from models.predictions import Prediction, Predictions
from models.transforms import Transforms
from schemas.errors import BadRecord


@dataclass(frozen=True)
class Passed:
    """What came through the stages in front: a batch of what the estimator is given, label included, if it needs one.

    `positions` are their places in the frame; `columns` are the same records, None where their fields differ.
    """

    batch: Batch
    positions: list[int]
    columns: Columns | None


def passed(batch: Batch, transforms: Transforms, outcome: Outcome, copies: Copies) -> Passed:
    """Take the records of a batch through `transforms`, which note in `outcome` what they give and refuse.

    `copies` are the models of the estimator, of which a record chooses one before it is transformed.
    """
    stage = copies.stage
    label: Any = stage.label
    rows: list[dict[Any, Any]] = []
    positions, keys = [], []
    for index, record in enumerate(batch.records):
        if isinstance(record, BadRecord):
            continue
        y = record.pop(label, None)
        try:
            if y is not None and y.__class__ is not bool:
                examine_label(y, stage.kind, stage.name, label)
            key = copies.key_of(record)
        except BadRecord as error:
            outcome.reject(index, refuse(index, stage.name, TRANSFORM, error, spoiled=False))
            continue
        x = transforms.run_one(index, record, outcome)
        if x is not None:
            rows.append(x if label is None else {**x, label: y})
            positions.append(index)
            keys.append(key)
    times = [batch.event_times[position] for position in positions]
    return Passed(Batch(rows, times, keys=keys), positions, _columns(rows))


def merge(inner: Outcome, positions: Sequence[int], outcome: Outcome, *, is_spoiled: bool) -> None:
    """Note in the outcome of a frame what became of the records at `positions` behind the stages in front.

    Raises LearnFailed for one that was refused there after stages in front had learned from it, which `is_spoiled`
    says that they do.
    """
    for index, rejection in sorted(inner.rejected.items()):
        if is_spoiled:
            raise LearnFailed(positions[index], rejection.node, rejection.error)
        outcome.reject(positions[index], rejection)
    outcome.filtered += [(positions[index], node) for index, node in inner.filtered]
    outcome.broken += inner.broken
    outcome.learned = inner.learned
    if isinstance(inner.predictions, Predictions):
        places = np.array(positions, np.intp)[inner.predictions.positions]
        outcome.predictions = replace(inner.predictions, size=len(outcome.predictions), positions=places)
        return
    said: list[Prediction | None] = [None] * len(outcome.predictions)
    for position, prediction in zip(positions, inner.predictions, strict=True):
        said[position] = prediction
    outcome.predictions = said


def _columns(rows: list[dict[Any, Any]]) -> Columns | None:
    names = tuple(rows[0]) if rows else ()
    if not names or any(tuple(row) != names for row in rows):
        return None
    values = zip(*(row.values() for row in rows), strict=True)
    return {name: list(column) for name, column in zip(names, values, strict=True)}
