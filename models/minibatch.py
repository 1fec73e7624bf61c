"""Predict, then learn in batches of exactly N records with river's `learn_many`."""

from __future__ import annotations

from typing import Any, NamedTuple

from river import base
from river.utils.pandas import import_pandas

from models.copies import Copies
from models.course import Course, likeliest
from models.failure import PREDICT, TRANSFORM, LearnFailed, describe, refuse
from models.guard import examine_label
from models.learner import NEVER
from models.outcome import Batch, Outcome, Prediction
from models.stage import Stage, last_step
from models.transforms import Transforms
from schemas.errors import BadRecord, Fatal, Retryable


class _Row(NamedTuple):
    """A record that waits to be learned; `index` is its position in the current frame, -1 if it came in an earlier."""

    index: int  # type: ignore[assignment]  # hides tuple.index
    x: dict[Any, Any]
    y: Any
    event_time: int


class MiniBatchLearner:
    """An estimator stage that learns exactly `batch` labelled records of a key at once, counted across frames.

    Between two batches the model stands still, and the records in between are predicted together, always over a table
    of `batch` rows in which each record has the position it has in its batch: so predictions do not depend on how
    records are cut into frames. Records without a label are predicted by themselves. `learned` grows by whole batches.
    """

    def __init__(self, stage: Stage) -> None:
        self.copies = Copies(stage)
        self.learned = 0
        self.learned_until = NEVER
        self._size = stage.batch or 1
        self._waiting: dict[Any, list[_Row]] = {}

    def run(self, batch: Batch, transforms: Transforms, outcome: Outcome) -> None:
        """Predict all records, and learn the batches that they fill. Raises LearnFailed."""
        before = self.learned
        for index, (record, event_time) in enumerate(zip(batch.records, batch.event_times, strict=True)):
            if not isinstance(record, BadRecord):
                self._take(index, record, event_time, transforms, outcome)
        for key, rows in self._waiting.items():
            if any(row.index >= 0 for row in rows):
                self._predict(self.copies.course(key), rows, transforms, outcome)
                rows[:] = [row._replace(index=-1) for row in rows]
        outcome.learned = self.learned - before

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
            rows = self._waiting.setdefault(key, [])
            if rows and list(x) != list(rows[0].x) and x.keys() != rows[0].x.keys():
                raise BadRecord("wrong_type", f'fields differ from those of its batch (node "{stage.name}")')
            doing = PREDICT
            if y is None:
                said = course.predict(x)
                outcome.predictions[index] = self._prediction(course, x, said, None)
                return
        except (LearnFailed, Retryable, Fatal):
            raise
        except Exception as cause:  # noqa: BLE001 - the boundary around user code
            outcome.reject(index, refuse(index, stage.name, doing, cause, spoiled=spoiled))
            return
        rows.append(_Row(index, x, y, event_time))
        if len(rows) == self._size:
            table = self._predict(course, rows, transforms, outcome)
            if len(rows) == self._size:
                self._learn(course, rows, table)

    def _predict(self, course: Course, rows: list[_Row], transforms: Transforms, outcome: Outcome) -> Any:
        """Predict the rows of this frame, drop those that fail, and give the table of all."""
        table = None
        try:
            table = _table([row.x for row in rows], self._size)
            known = sum([row.index < 0 for row in rows])
            new = rows[known:]
            for row, (said, probabilities) in zip(new, _predict_many(course, table, known, len(rows)), strict=True):
                outcome.predictions[row.index] = Prediction(said, probabilities, row.y, self.learned)
        except (Retryable, Fatal):
            raise
        except Exception as cause:  # noqa: BLE001 - the boundary around user code
            self._sort_out(course, rows, transforms, outcome, cause)
        return table

    def _sort_out(
        self, course: Course, rows: list[_Row], transforms: Transforms, outcome: Outcome, cause: Exception
    ) -> None:
        """Predict row by row, where predicting all together has failed."""
        node = self.copies.stage.name
        kept = []
        for row in rows:
            try:
                said, probabilities = _predict_many(course, _table([row.x], self._size), 0, 1)[0]
            except (Retryable, Fatal):
                raise
            except Exception as own:  # noqa: BLE001 - the boundary around user code
                outcome.reject(row.index, refuse(row.index, node, PREDICT, own, spoiled=transforms.learns))
                continue
            kept.append(row)
            if row.index >= 0:
                outcome.predictions[row.index] = Prediction(said, probabilities, row.y, self.learned)
        if len(kept) == len(rows):
            raise Fatal(describe(cause, node, PREDICT).message) from cause
        rows[:] = kept

    def _learn(self, course: Course, rows: list[_Row], table: Any) -> None:
        try:
            course.tail.learn_many(table, import_pandas().Series([row.y for row in rows]))
        except (Retryable, Fatal):
            raise
        except Exception as cause:
            node = self.copies.stage.name
            raise Fatal(
                describe(cause, node, "").message, hint=f"learn_many failed over a batch of {self._size}; try without"
            ) from cause
        self.learned += len(rows)
        self.learned_until = max(self.learned_until, *(row.event_time for row in rows))
        rows.clear()

    def _prediction(self, course: Course, x: Any, said: Any, y: Any) -> Prediction:
        if course.decide is None:
            return Prediction(said, None, y, self.learned)
        return Prediction(course.decide(x, said), said, y, self.learned)


def _table(rows: list[dict[Any, Any]], size: int) -> Any:
    """A data frame of `size` rows: those given, the last of them repeated."""
    rows = rows + rows[-1:] * (size - len(rows))
    return import_pandas().DataFrame({name: [row[name] for row in rows] for name in rows[0]} if rows else {})


def _predict_many(course: Course, table: Any, start: int, stop: int) -> list[tuple[Any, dict[Any, float] | None]]:
    """The predictions of the rows from `start` to `stop`; the others are there for their places."""
    last = last_step(course.tail)
    own = getattr(type(last), "predict_proba_many", None)
    if isinstance(last, base.Classifier) and own not in (None, base.MiniBatchClassifier.predict_proba_many):
        probabilities = course.tail.predict_proba_many(table)
        classes = list(probabilities.columns)
        rows = [dict(zip(classes, row, strict=True)) for row in probabilities.to_numpy()[start:stop].tolist()]
        return [(likeliest(None, row) if classes else None, row) for row in rows]
    return [(said, None) for said in course.tail.predict_many(table).tolist()[start:stop]]
