"""A whole pipeline of river over columns: each step over all records of a frame, then the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from river import compose, linear_model, preprocessing

from models.compiled.adaptive import AdaptiveStandardScaler
from models.compiled.linear import LinearModel
from models.compiled.ranges import MaxAbsScaler, MinMaxScaler
from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.scalers import StandardScaler
from models.compiled.twin import Answers, Estimator, NoTwin, Transformer, Twin
from schemas.kernel import Codes, Flags, Floats

TWINS: dict[Any, Callable[[Any], Twin]] = {
    preprocessing.StandardScaler: StandardScaler,
    preprocessing.AdaptiveStandardScaler: AdaptiveStandardScaler,
    preprocessing.MinMaxScaler: MinMaxScaler,
    preprocessing.MaxAbsScaler: MaxAbsScaler,
    linear_model.LinearRegression: LinearModel,
    linear_model.LogisticRegression: LinearModel,
    linear_model.Perceptron: LinearModel,
}


def twin_of(step: Any) -> Twin:
    """The compiled twin of a river step. Raises NoTwin."""
    name = type(step).__name__
    make = TWINS.get(type(step))
    if make is None:
        raise NoTwin(f"{name} has no twin")
    try:
        return make(step)
    except NoTwin as why:
        raise NoTwin(f"{name} {why}") from None


class CompiledPipeline:
    """The twins of a pipeline's steps, the estimator last, for as many copies of it as there are keys. Raises NoTwin.

    `known` is what it has met; `exact_below` as in Twin, and the rest as in Estimator.

    >>> from models.compiled.rows import of_dicts
    >>> pipeline = preprocessing.StandardScaler() | linear_model.LinearRegression()
    >>> compiled = CompiledPipeline(pipeline)
    >>> answers = compiled.learn(of_dicts(compiled.known.features, [{"a": 1.0}, {"a": 2.0}]), np.array([2.0, 3.0]))
    >>> said = []
    >>> for x, y in [({"a": 1.0}, 2.0), ({"a": 2.0}, 3.0)]:
    ...     said.append(pipeline.predict_one(x))
    ...     pipeline.learn_one(x, y)
    >>> answers.numbers.tolist() == said
    True
    """

    def __init__(self, pipeline: Any) -> None:
        steps = steps_of(pipeline)
        *front, last = (twin_of(step) for step in steps)
        assert all(isinstance(twin, Transformer) for twin in front)
        assert isinstance(last, Estimator)
        self._front: list[Transformer] = front  # type: ignore[assignment]
        self._last = last
        self.known = Vocabulary()
        self.may_fail, self.takes_classes = last.may_fail, last.takes_classes
        self.exact_below = min(twin.exact_below for twin in [*self._front, self._last])

    def learn(
        self, records: Cells, y: Floats, learns: Flags | None = None, copies: Codes | None = None
    ) -> Answers | None:
        """Predict each record, and then learn it where it is to be learned; by default all, in one copy.

        `y`, shape `(n,)`, are labels as the estimator takes them.

        None where river would not have come through: the state is of no use then.
        """
        count = len(records.bounds) - 1
        learns = np.ones(count, np.bool_) if learns is None else learns
        copies = np.zeros(count, np.int32) if copies is None else copies
        self.make_room(int(copies.max(initial=0)) + 1)
        lesson = Lesson(records, records, learns, copies)
        for twin in self._front:
            lesson = twin.learn(lesson)
        return self._last.learn(lesson, y)

    def make_room(self, copies: int) -> None:
        """Have room for so many copies, and for all that is known."""
        for twin in [*self._front, self._last]:
            twin.make_room(copies, self.known)

    def load(self, copy: int, pipeline: Any) -> None:
        """Make the state of a copy that of `pipeline`."""
        for twin, step in zip([*self._front, self._last], steps_of(pipeline), strict=True):
            twin.load(copy, self.known, step)

    def store(self, copy: int, pipeline: Any) -> None:
        """Make the state of `pipeline` that of a copy."""
        for twin, step in zip([*self._front, self._last], steps_of(pipeline), strict=True):
            twin.store(copy, self.known, step)


def steps_of(pipeline: Any) -> list[Any]:
    """The steps of a pipeline, or of what is none."""
    return list(pipeline.steps.values()) if type(pipeline) is compose.Pipeline else [pipeline]
