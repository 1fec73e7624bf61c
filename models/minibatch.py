"""Predict, then learn in batches of exactly N records with river's `learn_many`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from river import base
from river.utils.pandas import import_pandas

from models.copies import Copies
from models.course import Course, likeliest
from models.failure import PREDICT, TRANSFORM, LearnFailed, describe, refuse
from models.filtering import Filtered
from models.guard import examine_label
from models.learner import NEVER
from models.outcome import Batch, Outcome
from models.predictions import Prediction
from models.stage import Kind, Stage, last_step
from models.transforms import Transforms
from models.waiting import Waiting
from schemas.column import Numbers
from schemas.errors import BadRecord, Fatal, Retryable
from schemas.table import Table, Values


class MiniBatchLearner:
    """An estimator stage that learns exactly `batch` labelled records of a key at once, counted across frames.

    Between two batches the model stands still, and the records in between are predicted together, always over a table
    of `batch` rows in which each record has the position it has in its batch: so predictions do not depend on how
    records are cut into frames. Records without a label are predicted by themselves. `learned` grows by whole batches,
    those of all keys together; a prediction's count is what it was when the record came.
    """

    def __init__(self, stage: Stage) -> None:
        self.copies = Copies(stage)
        self.learned = 0
        self.learned_until = NEVER
        self._size = stage.batch or 1
        self._waiting: dict[Any, Waiting] = {}
        self._grown: dict[Any, Waiting] = {}  # by key, those to which the frame at hand has added

    @property
    def stage(self) -> Stage:
        return self.copies.stage

    def run(self, batch: Batch, transforms: Transforms, outcome: Outcome) -> None:
        """Predict all records, and learn the batches that they fill. Raises LearnFailed."""
        before = self.learned
        table = batch.records if isinstance(batch.records, Table) else None
        if table is not None and self._takes_whole(table, transforms):
            self._take_table(table, batch.event_times, transforms, outcome)
        else:
            for index, (record, event_time) in enumerate(zip(batch.records, batch.event_times, strict=True)):
                if not isinstance(record, BadRecord):
                    self._take(index, record, event_time, transforms, outcome)
        for key, waiting in self._grown.items():
            if waiting.positions:
                self._predict(self.copies.course(key), waiting, transforms, outcome)
                waiting.end_frame()
        self._grown = {}
        outcome.learned = self.learned - before

    def _takes_whole(self, table: Table, transforms: Transforms) -> bool:
        """Whether nothing has to be done to the records one by one, and none of them could be refused."""
        stage = self.copies.stage
        if transforms or stage.key is not None or self.copies.course(None).head or table.errors:
            return False
        arrays = _arrays(table)
        label = arrays.get(str(stage.label))
        return (
            label is not None
            and len(arrays) == len(table.columns)
            and (stage.kind is Kind.CLASSIFIER or label.dtype != np.bool_)
            and all(np.isfinite(array).all() for array in arrays.values())
            and (None not in self._waiting or self._waiting[None].fits(self._features(arrays)))
        )

    def _features(self, arrays: Mapping[str, Values]) -> dict[Any, Values]:
        return {name: array for name, array in arrays.items() if name != self.copies.stage.label}

    def _take_table(self, table: Table, event_times: Any, transforms: Transforms, outcome: Outcome) -> None:
        course = self.copies.course(None)
        waiting = self._grown[None] = self._waiting.setdefault(None, Waiting())
        arrays = _arrays(table)
        features, labels = self._features(arrays), arrays[str(self.copies.stage.label)].tolist()
        start = 0
        while start < len(table):
            stop = min(start + self._size - len(waiting), len(table))
            part = {name: column[start:stop] for name, column in features.items()}
            waiting.extend(range(start, stop), part, labels[start:stop], event_times[start:stop], self.learned)
            self._learn_if_full(course, waiting, transforms, outcome)
            start = stop

    def _take(
        self, index: int, record: dict[str, Any], event_time: int, transforms: Transforms, outcome: Outcome
    ) -> None:
        stage = self.copies.stage
        spoiled, doing = False, TRANSFORM
        try:
            y = record.pop(str(stage.label), None)
            if y is not None and y.__class__ is not bool:
                examine_label(y, stage.kind, stage.name, str(stage.label))
            key = self.copies.key_of(record)
            course = self.copies.course(key)
            x = transforms.run_one(index, record, outcome) if transforms else record
            if x is None:
                return
            spoiled = transforms.learns
            for transform in course.head:
                x = transform(x)
            course.examine(x)
            waiting = self._waiting.setdefault(key, Waiting())
            if not waiting.fits(x):
                raise BadRecord("wrong_type", f'fields differ from those of its batch (node "{stage.name}")')
            doing = PREDICT
            said = course.predict(x) if y is None else None
            if course.settle:
                course.settle(outcome)
            if y is None:
                outcome.tell(index, self._prediction(course, x, said, None))
                return
        except (LearnFailed, Retryable, Fatal):
            raise
        except Filtered:
            outcome.filtered.append((index, stage.name))
            return
        except Exception as cause:  # noqa: BLE001 - the boundary around user code
            outcome.reject(index, refuse(index, stage.name, doing, cause, spoiled=spoiled))
            return
        waiting.append(index, x, y, event_time, self.learned)
        self._grown[key] = waiting
        self._learn_if_full(course, waiting, transforms, outcome)

    def _learn_if_full(self, course: Course, waiting: Waiting, transforms: Transforms, outcome: Outcome) -> None:
        if len(waiting) == self._size:
            table = self._predict(course, waiting, transforms, outcome)
            if len(waiting) == self._size:
                self._learn(course, waiting, table)

    def _predict(self, course: Course, waiting: Waiting, transforms: Transforms, outcome: Outcome) -> Any:
        """Predict what came in this frame, drop what fails, and give the table of all that waits."""
        table = None
        try:
            table = waiting.table(self._size)
            known, new = waiting.known, tuple.__new__
            said = _predict_many(course, table, known, len(waiting))
            for position, count, label, (prediction, probabilities) in zip(
                waiting.positions, waiting.counts, waiting.labels[known:], said, strict=True
            ):
                outcome.tell(position, new(Prediction, (prediction, probabilities, label, count)))
        except (Retryable, Fatal):
            raise
        except Exception as cause:  # noqa: BLE001 - the boundary around user code
            self._sort_out(course, waiting, transforms, outcome, cause)
        return table

    def _sort_out(
        self, course: Course, waiting: Waiting, transforms: Transforms, outcome: Outcome, cause: Exception
    ) -> None:
        """Predict the records of this frame one by one, where predicting all together has failed."""
        node, known = self.copies.stage.name, waiting.known
        spoiled = transforms.learns or course.remembers
        failed = set()
        for place, (position, count) in enumerate(zip(waiting.positions, waiting.counts, strict=True), known):
            alone, label = Waiting(), waiting.labels[place]
            alone.append(position, waiting.x(place), label, waiting.event_times[place], count)
            try:
                said, probabilities = _predict_many(course, alone.table(self._size), 0, 1)[0]
            except (Retryable, Fatal):
                raise
            except Exception as own:  # noqa: BLE001 - the boundary around user code
                outcome.reject(position, refuse(position, node, PREDICT, own, spoiled=spoiled))
                failed.add(place)
                continue
            outcome.tell(position, Prediction(said, probabilities, label, count))
        if not failed:
            raise Fatal(describe(cause, node, PREDICT).message) from cause
        waiting.drop(failed)

    def _learn(self, course: Course, waiting: Waiting, table: Any) -> None:
        try:
            course.tail.learn_many(table, import_pandas().Series(waiting.labels))
        except (Retryable, Fatal):
            raise
        except Exception as cause:
            node = self.copies.stage.name
            raise Fatal(
                describe(cause, node, "").message, hint=f"learn_many failed over a batch of {self._size}; try without"
            ) from cause
        self.learned += len(waiting)
        self.learned_until = max(self.learned_until, *waiting.event_times)
        waiting.clear()

    def _prediction(self, course: Course, x: Any, said: Any, y: Any) -> Prediction:
        if course.decide is None:
            return Prediction(said, None, y, self.learned)
        return Prediction(course.decide(x, said), said, y, self.learned)


def _arrays(table: Table) -> dict[str, npt.NDArray[Any]]:
    """The columns of a table that are floats or booleans in all records."""
    return {
        name: column.array
        for name, column in table.columns.items()
        if isinstance(column, Numbers) and column.valid is None and column.array.dtype != np.int64
    }


def _predict_many(course: Course, table: Any, start: int, stop: int) -> list[tuple[Any, dict[Any, float] | None]]:
    """The predictions of the rows from `start` to `stop`; the others are there for their places."""
    last = last_step(course.tail)
    own = getattr(type(last), "predict_proba_many", None)
    if not isinstance(last, base.Classifier) or own in (None, base.MiniBatchClassifier.predict_proba_many):
        return [(said, None) for said in course.tail.predict_many(table).tolist()[start:stop]]
    probabilities = course.tail.predict_proba_many(table)
    classes = list(probabilities.columns)
    rows = probabilities.to_numpy()[start:stop].tolist()
    if len(classes) == 2:
        a, b = classes
        return [(b if q > p else a, {a: p, b: q}) for p, q in rows]
    said = [dict(zip(classes, row, strict=True)) for row in rows]
    return [(likeliest(None, row), row) for row in said]
