"""A whole pipeline of river over columns: each step over all records of a frame, then the next."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.compiled.chain import Chain, parts
from models.compiled.entry import Columns, Filled, filled, is_text, spelled
from models.compiled.reaching import Reach, reach
from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.twin import (
    Answers,
    Features,
    NoTwin,
    RiverRaised,
    in_one_order,
    joined,
)
from models.compiled.twins import estimator_of, transformer_of
from schemas.kernel import Codes, Flags, Floats

ROOM = 1 << 22


class CompiledPipeline:
    """The twins of the steps of a pipeline, the estimator last, for as many copies of it as there are keys.

    Raises NoTwin where a step has none. Records pass through as many at a time as have `room` numbers at most. `known`
    is what it has met; `exact_below` and `finite_below` as in Twin, and the rest as in Estimator.

    >>> from river import linear_model, preprocessing
    >>> from models.compiled.rows import of_grid
    >>> pipeline = preprocessing.StandardScaler() | linear_model.LinearRegression()
    >>> compiled = CompiledPipeline(pipeline)
    >>> records = of_grid(compiled.known.fields(["a"]), np.array([[1.0], [2.0]]))
    >>> answers = compiled.learn(records, np.array([2.0, 3.0]))
    >>> said = []
    >>> for x, y in [({"a": 1.0}, 2.0), ({"a": 2.0}, 3.0)]:
    ...     said.append(pipeline.predict_one(x))
    ...     pipeline.learn_one(x, y)
    >>> answers.numbers.tolist() == said
    True
    """

    def __init__(self, pipeline: Any, room: int = ROOM) -> None:
        self._room = room
        self._steps = parts(pipeline)
        *front, last = self._steps
        self._reach: Reach | None = None
        self._front = Chain([transformer_of(step) for step in front])
        estimator = self._last = estimator_of(last)
        self.known = Vocabulary()
        self.may_fail, self.takes_classes = estimator.may_fail, estimator.takes_classes
        self.exact_below = min(self._front.exact_below, estimator.exact_below)
        self.finite_below = min(self._front.finite_below, estimator.finite_below)
        if self._front.is_supervised and self.takes_classes:
            raise NoTwin("TargetAgg has no twin in front of a classifier of any classes")

    def expect(self, features: Features) -> None:
        """Take records of these features from here on. Raises NoTwin where a step cannot take them."""
        self._last.expect(self._front.expect(features))

    def reach(self, names: tuple[str, ...]) -> Reach:
        """Which of these fields are examined before anything learns, and which an encoder is given."""
        if self._reach is None or self._reach.asked != names:
            self._reach = reach(self._steps, names)
        return self._reach

    def take(self, columns: Columns) -> dict[str, Filled] | None:
        """The columns that anything learns from, None where the twins cannot take one of them."""
        found = self.reach(tuple(columns))
        features: dict[str, Filled] = {}
        texts: dict[str, bool] = {}
        for name in found.examined:
            column = columns[name]
            texts[name] = name in found.encoded or is_text(column)
            if texts[name]:
                values = spelled(column, name, self.known.words)
            else:
                values = filled(column, self.exact_below, self.finite_below)
            if values is None:
                return None
            features[name] = values.with_nulls() if name in found.null else values
        try:
            self.expect(texts)
        except NoTwin:
            return None
        return features

    def learn(
        self, records: Cells, y: Floats, learns: Flags | None = None, copies: Codes | None = None
    ) -> Answers | None:
        """Predict each record, and then learn it where it is to be learned; by default all, in one copy.

        `y`, shape `(n,)`, are labels as the estimator takes them. Gives None where river would not have come through:
        the state is of no use then. Raises RiverRaised.
        """
        count = len(records.bounds) - 1
        learns = np.ones(count, np.bool_) if learns is None else learns
        copies = np.zeros(count, np.int32) if copies is None else copies
        self.make_room(int(copies.max(initial=0)) + 1)
        if self.known.is_ambiguous:
            return None
        size = max(1, self._room // max(1, len(self.known.features)))
        if self.may_fail and count > size:  # it may fail after it has learned from some of them
            self._last = self._last.apart()
        answers = []
        for start in range(0, max(count, 1), size):
            part = slice(start, start + size)
            cells = records.slice(start, min(start + size, count))
            try:
                answer = self._last.learn(self._front.learn(Lesson(cells, cells, y[part], learns[part], copies[part])))
            except RiverRaised as raised:
                raise RiverRaised(start + raised.place, raised.cause) from raised.cause
            if answer is None:
                return None
            answers.append(answer)
        return in_one_order(answers[0] if len(answers) == 1 else joined(answers))

    def make_room(self, copies: int) -> None:
        """Have room for so many copies, and for all that is known."""
        self._front.make_room(copies, self.known)
        self._last.make_room(copies, self.known)

    def load(self, copy: int, pipeline: Any) -> None:
        """Make the state of a copy that of `pipeline`."""
        *front, last = parts(pipeline)
        self._front.load(copy, self.known, front)
        self._last.load(copy, self.known, last)

    def store(self, copy: int, pipeline: Any) -> None:
        """Make the state of `pipeline` that of a copy."""
        *front, last = parts(pipeline)
        self._front.store(copy, self.known, front)
        self._last.store(copy, self.known, last)
