"""Twin of river's aggregate of the target."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from river import stats

from models.compiled.arrays import with_room
from models.compiled.rows import Cells, Lesson, Names, Vocabulary
from models.compiled.selection import chosen
from models.compiled.twin import Features, NoTwin, Transformer
from schemas.kernel import Codes, FloatGrid, Floats, PlaceGrid, blank, kernel


class Means(NamedTuple):
    """The mean of the target, and of how many, by copy and group."""

    means: FloatGrid
    counts: FloatGrid


class Prior(NamedTuple):
    """What a Bayesian mean takes for known before it has seen anything; of no weight, it is a plain mean."""

    mean: float
    weight: float


class TargetAgg(Transformer):
    """Twin of `feature_extraction.TargetAgg` of means and Bayesian means, by fields of text or whole numbers."""

    is_supervised = True

    def __init__(self, step: Any) -> None:
        if type(step.how) not in (stats.Mean, stats.BayesianMean):
            raise NoTwin(f"aggregates by {type(step.how).__name__}")
        if not step.by:
            raise NoTwin("has no groups")
        self._is_bayesian = type(step.how) is stats.BayesianMean
        if self._is_bayesian and step.how.prior_weight <= 0:
            raise NoTwin("has a prior of no weight")
        self._prior = (
            Prior(float(step.how.prior), float(step.how.prior_weight)) if self._is_bayesian else Prior(0.0, 0.0)
        )
        self._by: list[str] = step.by
        self._feature: str = step._feature_name
        self._groups = Names()
        self._fields, self._made, self._words = np.empty(0, np.int32), 0, 0
        self.state = blank(Means)

    def expect(self, features: Features) -> Features:
        for name in self._by:
            if not features.get(name, False):
                raise NoTwin(f'TargetAgg groups by text and whole numbers, and "{name}" is neither')
        return {self._feature: False}

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self._fields = known.features.numbers(self._by)
        self._made = known.features.number(self._feature)
        self._words = len(known.words)
        self.state = with_room(self.state, copies, len(self._groups))

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        named = [tuple(known.words.numbers(zip(self._by, key, strict=True)).tolist()) for key in step._groups]
        numbers = self._groups.numbers(named)
        self.make_room(copy + 1, known)
        means = [self._mean_of(group) for group in step._groups.values()]
        self.state.means[copy, numbers] = [mean.get() for mean in means]
        self.state.counts[copy, numbers] = [mean.n for mean in means]

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        step._groups.clear()
        means, counts = (array[copy].tolist() for array in self.state)
        groups: list[Any] = self._groups.known
        for words, mean, count in zip(groups, means, counts, strict=False):
            if count:
                pairs: list[Any] = [known.words.known[word] for word in words]
                group = step._groups[tuple(value for _, value in pairs)]
                self._mean_of(group).__dict__.update(n=count, _mean=mean)

    def _mean_of(self, group: Any) -> Any:
        return group._mean if self._is_bayesian else group

    def learn(self, lesson: Lesson) -> Lesson:
        records = len(lesson.learns)
        groups = self._grouped(
            chosen(lesson.before, self._fields).values.reshape(records, len(self._by)).astype(np.int64)
        )
        self.state = with_room(self.state, len(self.state.means), len(self._groups))
        made = np.full(records, self._made, np.int32)
        means = Cells(np.arange(records + 1), made, np.empty(records), np.zeros(records, np.bool_))
        _aggregate(lesson, groups, self._prior, self.state, means.values)
        return lesson._replace(before=means, after=means)

    def _grouped(self, rows: PlaceGrid) -> Codes:
        """The number of the group of each row of words."""
        codes = rows[:, 0]
        for column in rows.T[1:]:
            codes = np.unique(codes * self._words + column, return_inverse=True)[1]
        _, firsts, places = np.unique(codes, return_index=True, return_inverse=True)
        return self._groups.numbers(map(tuple, rows[firsts].tolist()))[places]


@kernel
def _aggregate(given: Lesson, groups: Codes, prior: Prior, state: Means, said: Floats) -> None:
    for record in range(len(given.learns)):
        means, counts = state.means[given.copies[record]], state.counts[given.copies[record]]
        group = groups[record]
        if prior.weight > 0.0:
            said[record] = means[group] * counts[group] + prior.mean * prior.weight
            said[record] /= counts[group] + prior.weight
        else:
            said[record] = means[group]
        if given.learns[record]:
            counts[group] += 1.0
            means[group] += (1.0 / counts[group]) * (given.y[record] - means[group])
