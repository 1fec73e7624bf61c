"""Predict, then learn, record by record, over the columns of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from models.compiled.behind import merge, passed
from models.compiled.entry import EXACT, Columns, Filled, array_of, coded, filled, matrix, numbered, wholes
from models.compiled.forms import Forms
from models.compiled.pipeline import CompiledPipeline
from models.compiled.rows import of_grid
from models.compiled.twin import Answers, RiverRaised
from models.copies import Copies
from models.course import Course
from models.failure import LEARN, TRANSFORM, LearnFailed, describe, refuse
from models.filtering import Filtered
from models.guard import examine_label
from models.learner import Learner
from models.outcome import Batch, Outcome, Rejection
from models.predictions import Predictions
from models.stage import Stage
from models.transforms import Transforms
from schemas.column import Column, Numbers
from schemas.errors import BadRecord, Fatal, Retryable
from schemas.kernel import Codes, FlagGrid, Flags, FloatGrid, Floats
from schemas.table import Table

_KEYS = str, int, bytes


@dataclass(frozen=True)
class _Entry:
    """A frame as the pipeline takes it: records, if `good` for one of the `copies`, and if `labelled` with a label.

    `compiled` is the pipeline, as words have its numbers. `whole` says which numbers of the grid are whole, `learns`
    which records are learned from if they are good; `y`, `(n,)`, are the labels as the estimator takes them.
    """

    compiled: CompiledPipeline
    names: tuple[str, ...]
    grid: FloatGrid
    whole: FlagGrid
    copies: Codes
    good: Flags
    labelled: Flags
    learns: Flags
    y: Floats
    labels: npt.NDArray[Any]


@dataclass(frozen=True)
class _TurnedAway:
    """The records of a frame that are not learned: why they are refused, by position, and which are filtered out."""

    refused: dict[int, Rejection]
    filtered: list[int]


class CompiledLearner:
    """An estimator stage whose steps all have a compiled twin, but for those in front of all that learns.

    It gives what `Learner` gives. Raises NoTwin.

    A frame that does not come as columns of numbers goes through the river objects: what was learned goes over to them,
    and back with the next frame of columns.
    """

    def __init__(self, stage: Stage) -> None:
        self._forms = Forms(Learner(stage))

    @property
    def stage(self) -> Stage:
        return self._forms.learner.stage

    @property
    def learned(self) -> int:
        return self._forms.learner.learned

    @property
    def learned_until(self) -> int:
        return self._forms.learner.learned_until

    @property
    def is_in_columns(self) -> bool:
        """Whether the newest frame was learned by twins, and did not have to go by river."""
        return not self._forms.is_river_ahead

    @property
    def river(self) -> Learner:
        """The same stage without twins, with all that was learned."""
        return self._forms.in_river()

    @property
    def copies(self) -> Copies:
        """The river objects, with all that was learned."""
        return self.river.copies

    def take_over(self, learner: Learner) -> None:
        """Go on from what the same stage has learned without twins."""
        self._forms = Forms(learner)

    def run(self, batch: Batch, transforms: Transforms, outcome: Outcome) -> None:
        """Predict and learn all records. Raises LearnFailed."""
        if not transforms:
            columns = batch.records.columns if isinstance(batch.records, Table) else None
            self._run(batch, columns, outcome)
            return
        through = passed(batch, transforms, outcome, self._forms.learner.copies)
        inner = Outcome.blank(len(through.positions), ())
        try:
            self._run(through.batch, through.columns, inner)
        except LearnFailed as failure:
            raise LearnFailed(through.positions[failure.index], failure.node, failure.error) from failure
        merge(inner, through.positions, outcome, is_spoiled=transforms.learns)

    def _run(self, batch: Batch, columns: Columns | None, outcome: Outcome) -> None:
        entry = self._entry(columns, batch) if columns else None
        turned = self._turned_away(batch, entry) if entry else None
        answers = self._learn(entry) if entry and turned else None
        if entry is None or turned is None or answers is None:
            river = self._forms.in_river()
            self._forms.learned_in_river()
            river.run(batch, Transforms((), {}, None), outcome)
            return
        for index, rejection in turned.refused.items():
            outcome.reject(index, rejection)
        outcome.filtered += [(index, self.stage.name) for index in turned.filtered]
        self._tell(batch, entry, answers, outcome)

    def _entry(self, given: Columns, batch: Batch) -> _Entry | None:
        """The frame as a matrix, None where the twins cannot take a feature or the label."""
        compiled = self._forms.in_columns()
        if compiled is None:
            return None
        label: Any = self.stage.label
        records = len(batch.records)
        failed = np.zeros(records, np.bool_)
        failed[list(batch.errors)] = True
        asks = ~failed  # for a copy, which river gives before steps in front can fail
        columns = self._forms.front.columns({name: given[name] for name in given if name != label}, failed)
        features = {} if failed.all() else compiled.take(columns) if columns is not None else None
        column = given.get(label, Numbers(np.zeros(records), np.zeros(records, np.bool_)))
        y = self._y(column, compiled)
        if features is None or y is None:
            return None
        grid, good = matrix(list(features.values()), records)
        labels, labelled = array_of(column)
        asks &= y.there | ~labelled
        copies, has_copy = self._copies(given.get(str(self.stage.key)) if batch.keys is None else batch.keys, asks)
        good &= has_copy & ~failed
        learns = labelled if label is not None else np.ones(records, np.bool_)
        whole = wholes(list(features.values()), records)
        return _Entry(compiled, tuple(features), grid, whole, copies, good, labelled, learns, y.values, labels)

    def _y(self, column: Column | Sequence[Any], compiled: CompiledPipeline) -> Filled | None:
        """Labels as the estimator takes them, None where it cannot take them."""
        if compiled.takes_classes:
            return numbered(column, compiled.known.classes)
        return filled(column, EXACT)  # river doubles whole numbers as such

    def _copies(self, column: Column | Sequence[Any] | None, asks: Flags) -> tuple[Codes, Flags]:
        """By which copy each record goes, and which have one: those that ask for it, and have a key."""
        if self.stage.key is None:
            return np.broadcast_to(self._forms.numbers([None]), len(asks)).copy(), asks
        keys, codes = coded([None] * len(asks) if column is None else column)
        are_asked = np.zeros(len(keys) + 1, np.bool_)
        are_asked[codes[asks]] = True
        if not set(map(type, keys)).issubset(_KEYS):
            are_asked[:-1] &= [isinstance(key, _KEYS) for key in keys]
        are_asked[-1] = False  # -1 is none
        numbers = np.zeros(len(are_asked), np.int32)
        numbers[are_asked] = self._forms.numbers(list(compress(keys, are_asked.tolist())))
        return numbers[codes], asks & are_asked[codes]

    def _turned_away(self, batch: Batch, entry: _Entry) -> _TurnedAway | None:
        """What becomes of the records that are not good, None where river would take one of them."""
        turned = _TurnedAway({}, [])
        if entry.good.all():
            return turned
        course = Course(self.stage.fresh(), self.stage.name)
        for index in np.flatnonzero(~entry.good).tolist():
            record = batch.records[index]
            if isinstance(record, BadRecord):
                continue
            try:
                self._examine(dict(record), course, has_key=batch.keys is None)
            except (Retryable, Fatal):
                raise
            except Filtered:
                turned.filtered.append(index)
            except Exception as cause:  # noqa: BLE001 - the boundary around user code
                turned.refused[index] = refuse(index, self.stage.name, TRANSFORM, cause, spoiled=False)
            else:
                return None
        return turned

    def _examine(self, record: dict[str, Any], course: Course, *, has_key: bool) -> None:
        """Raises what is wrong with a record, in the order in which a learner looks at it."""
        stage = self.stage
        label: Any = stage.label
        y = record.pop(label, None)
        if y is not None and y.__class__ is not bool:
            examine_label(y, stage.kind, stage.name, label)
        if has_key:
            self._forms.learner.copies.key_of(record)
        x: Any = record
        for transform in course.head:
            x = transform(x)
        course.examine(x)

    def _learn(self, entry: _Entry) -> Answers | None:
        """None where river would have failed; nothing is learned then. Raises LearnFailed."""
        good, compiled = entry.good, entry.compiled
        numbers = compiled.known.fields(entry.names)
        grids = (entry.grid, entry.whole) if good.all() else (entry.grid[good], entry.whole[good])
        records = of_grid(numbers, *grids)
        learning = deepcopy(compiled) if compiled.may_fail else compiled
        copies, learns = entry.copies[good], entry.learns[good]
        try:
            answers = learning.learn(records, entry.y[good], learns, copies)
        except RiverRaised as raised:
            node, cause = self.stage.name, raised.cause
            index = int(np.flatnonzero(good)[raised.place])
            raise LearnFailed(index, node, describe(cause, node, LEARN)) from cause
        if answers is not None:
            self._forms.learned_in_columns(learning, copies)
        return answers

    def _tell(self, batch: Batch, entry: _Entry, answers: Answers, outcome: Outcome) -> None:
        positions = np.flatnonzero(entry.good)
        labelled, learns = entry.labelled[positions], entry.learns[positions]
        outcome.predictions = Predictions(
            size=len(batch.records),
            positions=positions,
            counts=self.learned + np.cumsum(learns) - learns,
            labelled=labelled,
            labels=entry.labels[positions[labelled]],
            numbers=answers.numbers,
            classes=answers.classes,
            probabilities=answers.probabilities,
            order=answers.order,
            chosen=answers.chosen,
        )
        learner = self._forms.learner
        outcome.learned = int(learns.sum())
        learner.learned += outcome.learned
        if outcome.learned:
            newest = int(np.asarray(batch.event_times)[positions[learns]].max())
            learner.learned_until = max(learner.learned_until, newest)
