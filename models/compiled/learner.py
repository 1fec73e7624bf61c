"""Predict, then learn, record by record, over the columns of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.compiled.behind import merge, passed
from models.compiled.entry import Columns, filled, head_of, listed, matrix
from models.compiled.pipeline import CompiledPipeline
from models.compiled.rows import of_grid
from models.compiled.twin import Answers, NoTwin
from models.copies import Copies
from models.course import Course
from models.failure import TRANSFORM, LearnFailed, refuse
from models.fronts import split
from models.guard import examine_label
from models.learner import Learner
from models.outcome import Batch, Outcome, Rejection
from models.predictions import Predictions
from models.stage import Stage
from models.transforms import Transforms
from schemas.errors import BadRecord
from schemas.kernel import Flags, FloatGrid, Floats
from schemas.table import Table


@dataclass(frozen=True)
class _Entry:
    """A frame as the pipeline takes it: `good` records, and the label of each, where `labelled`."""

    names: tuple[str, ...]
    grid: FloatGrid
    good: Flags
    labelled: Flags
    y: Floats
    labels: Sequence[Any]


class CompiledLearner:
    """An estimator stage whose steps all have a compiled twin; it gives what `Learner` gives. Raises NoTwin.

    A frame that does not come as columns of numbers goes through the river objects: what was learned goes over to them,
    and back with the next frame of columns.
    """

    def __init__(self, stage: Stage) -> None:
        self._river = Learner(stage)
        head, tail = split(self._model)
        for step in head:
            if head_of(step) is None:
                raise NoTwin(f"{type(step).__name__} has no twin")
        self._compiled = CompiledPipeline(tail)
        self._compiled.load(0, tail)
        self._is_river_behind = self._are_columns_behind = False

    @property
    def stage(self) -> Stage:
        return self._river.stage

    @property
    def learned(self) -> int:
        return self._river.learned

    @property
    def learned_until(self) -> int:
        return self._river.learned_until

    @property
    def river(self) -> Learner:
        """The same stage without twins, with all that was learned."""
        if self._is_river_behind:
            self._compiled.store(0, split(self._model)[1])
            self._is_river_behind = False
        return self._river

    @property
    def copies(self) -> Copies:
        """The river objects, with all that was learned."""
        return self.river.copies

    def take_over(self, learner: Learner) -> None:
        """Go on from what the same stage has learned without twins."""
        self._river, self._is_river_behind, self._are_columns_behind = learner, False, True

    def run(self, batch: Batch, transforms: Transforms, outcome: Outcome) -> None:
        """Predict and learn all records. Raises LearnFailed."""
        if not transforms:
            columns = batch.records.columns if isinstance(batch.records, Table) else None
            self._run(batch, columns, outcome)
            return
        through = passed(batch, transforms, outcome, self.stage)
        inner = Outcome.blank(len(through.positions), ())
        try:
            self._run(through.batch, through.columns, inner)
        except LearnFailed as failure:
            raise LearnFailed(through.positions[failure.index], failure.node, failure.error) from failure
        merge(inner, through.positions, outcome, is_spoiled=transforms.learns)

    def _run(self, batch: Batch, columns: Columns | None, outcome: Outcome) -> None:
        entry = self._entry(columns, batch) if columns else None
        refused = self._refused(batch, entry) if entry else None
        answers = self._learn(entry) if entry and refused is not None else None
        if entry is None or refused is None or answers is None:
            self._are_columns_behind = True
            self.river.run(batch, Transforms((), {}, None), outcome)
            return
        for index, rejection in refused.items():
            outcome.reject(index, rejection)
        self._tell(batch, entry, answers, outcome)

    @property
    def _model(self) -> Any:
        return self._river.copies.models[None]

    def _entry(self, given: Columns, batch: Batch) -> _Entry | None:
        """The frame as a matrix, None where a feature or the label is no number."""
        label, records = str(self.stage.label), len(batch.records)
        columns: Columns = {name: column for name, column in given.items() if name != label}
        for step in split(self._model)[0]:
            columns = head_of(step)(columns)  # type: ignore[misc]  # all of them have one
        features = [filled(column, self._compiled.exact_below) for column in columns.values()]
        column = given.get(label, [None] * records)
        labels, y = listed(column), filled(column)
        if y is None or None in features:
            return None
        grid, good = matrix([column for column in features if column], records)
        labelled = np.array([known is not None for known in labels], np.bool_)
        good &= y.there | ~labelled
        good[list(batch.errors)] = False
        return _Entry(tuple(columns), grid, good, labelled, y.values, labels)

    def _refused(self, batch: Batch, entry: _Entry) -> dict[int, Rejection] | None:
        """Why the records are refused that are not good, by position; None where river would take one of them."""
        if entry.good.all():
            return {}
        course = self._river.copies.course(None)
        refused = {}
        for index in np.flatnonzero(~entry.good).tolist():
            record = batch.records[index]
            if isinstance(record, BadRecord):
                continue
            try:
                _examine(dict(record), self.stage, course)
            except Exception as cause:  # noqa: BLE001 - the boundary around user code
                refused[index] = refuse(index, self.stage.name, TRANSFORM, cause, spoiled=False)
            else:
                return None
        return refused

    def _learn(self, entry: _Entry) -> Answers | None:
        """None where river would have failed; nothing is learned then."""
        if self._are_columns_behind:
            self._compiled.load(0, split(self._model)[1])
            self._are_columns_behind = False
        good = entry.good
        names = self._compiled.names.numbers(entry.names)
        records = of_grid(names, entry.grid if good.all() else entry.grid[good])
        before = deepcopy(self._compiled) if self._compiled.may_fail else self._compiled
        answers = self._compiled.learn(records, entry.y[good], entry.labelled[good])
        if answers is None:
            self._compiled = before
        else:
            self._is_river_behind = True
        return answers

    def _tell(self, batch: Batch, entry: _Entry, answers: Answers, outcome: Outcome) -> None:
        positions = np.flatnonzero(entry.good)
        learns = entry.labelled[positions]
        outcome.predictions = Predictions(
            size=len(batch.records),
            positions=positions,
            counts=self.learned + np.cumsum(learns) - learns,
            labelled=learns,
            labels=[entry.labels[at] for at in positions[learns].tolist()],
            numbers=answers.numbers,
            classes=answers.classes,
            probabilities=answers.probabilities,
        )
        outcome.learned = int(learns.sum())
        self._river.learned += outcome.learned
        if outcome.learned:
            newest = int(np.asarray(batch.event_times)[positions[learns]].max())
            self._river.learned_until = max(self._river.learned_until, newest)


def _examine(record: dict[str, Any], stage: Stage, course: Course) -> None:
    """Raises what is wrong with a record, in the order in which a learner looks at it."""
    y = record.pop(str(stage.label), None)
    if y is not None and y.__class__ is not bool:
        examine_label(y, stage.kind, stage.name, str(stage.label))
    x: Any = record
    for transform in course.head:
        x = transform(x)
    course.examine(x)
