"""Twins of river's bagging: many copies of a model, each of which learns a record as often as chance has it."""

from __future__ import annotations

import statistics
from collections.abc import Hashable, Iterator
from copy import copy
from random import Random
from typing import Any, NamedTuple

import numpy as np
from river.utils.random import poisson

from models.compiled.chain import Chain, parts
from models.compiled.random_states import copy_of
from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.sums import summed
from models.compiled.twin import Answers, Estimator, Features, NoTwin, RiverRaised, order_of
from schemas.kernel import CodeGrid, Codes, FloatGrid, PlaceGrid, Places, kernel


class Votes(NamedTuple):
    """The probabilities of classes, a row for each answer, and which classes these are, -1 behind the last."""

    probabilities: FloatGrid
    order: CodeGrid


class Turns(NamedTuple):
    """Records by turns in all models: `lesson` has a row for each round of a record in a model.

    By row, `records` says which record it is, `numbers` which model; by model and record `firsts` is the first row.
    """

    lesson: Lesson
    records: Places
    numbers: Places
    firsts: Places


class Bagging(Estimator):
    """Twin of `ensemble.BaggingClassifier` and `BaggingRegressor`, of twins of the model that is bagged.

    The models of a copy are copies of these one behind the other. Each learns all records before the next one does,
    which is the same, as none knows of the others.
    """

    def __init__(self, step: Any, front: Chain, last: Estimator) -> None:
        self._models = len(step.models)
        self._front, self._last = front, last
        self._first: Random = copy_of(step._rng)
        self._random: dict[int, Random] = {}  # by copy
        if front.is_supervised and last.takes_classes:
            raise NoTwin("has TargetAgg in front of a classifier of any classes")
        self.may_fail, self.takes_classes = last.may_fail, last.takes_classes
        self.exact_below = min(front.exact_below, last.exact_below)
        self.finite_below = min(front.finite_below, last.finite_below)

    def apart(self) -> Bagging:
        other = copy(self)
        other._last = self._last.apart()
        return other

    def expect(self, features: Features) -> Features:
        return self._last.expect(self._front.expect(features))

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self._front.make_room(copies * self._models, known)
        self._last.make_room(copies * self._models, known)

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        self._random[copy] = copy_of(step._rng)
        for place, front, last in self._members(copy, step):
            self._front.load(place, known, front)
            self._last.load(place, known, last)

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        step._rng.setstate(self._random.get(copy, self._first).getstate())
        for place, front, last in self._members(copy, step):
            self._front.store(place, known, front)
            self._last.store(place, known, last)

    def _members(self, copy: int, step: Any) -> Iterator[tuple[int, list[Any], Any]]:
        """The models of a copy: the place of each, its steps in front, and its last one."""
        places = self._places(np.full(self._models, copy, np.int32), np.arange(self._models))
        for place, model in zip(places.tolist(), step.models, strict=True):
            *front, last = parts(model)
            yield place, front, last

    def learn(self, lesson: Lesson) -> Answers | None:
        """Raises RiverRaised."""
        times = self._drawn(lesson).T.reshape(-1)
        turns = self._turns(lesson, times, np.maximum(times, 1))
        answers = self._learned(self._front.learn(turns.lesson), turns.records)
        return answers and self._together(answers, turns.firsts)

    def _turns(self, lesson: Lesson, times: Places, rounds: Places) -> Turns:
        """Each record so many rounds in each model, model by model, of which it learns in the first `times`."""
        size = len(lesson.learns)
        firsts = np.cumsum(rounds) - rounds
        records = np.repeat(np.tile(np.arange(size), self._models), rounds)
        numbers = np.repeat(np.repeat(np.arange(self._models), size), rounds)
        given = rows_of(lesson, records)._replace(
            learns=np.arange(len(records)) - np.repeat(firsts, rounds) < np.repeat(times, rounds),
            copies=self._places(lesson.copies[records], numbers).astype(np.int32),
        )
        return Turns(given, records, numbers, firsts)

    def _places(self, copies: Codes, numbers: Places) -> Places:
        """Which of the twins' copies are these models of these copies."""
        return copies * self._models + numbers

    def _learned(self, lesson: Lesson, records: Places) -> Answers | None:
        """What the models say; row by row, `records` says which is learned. Raises RiverRaised for the first to fail.

        A model that is behind the one that fails may do so at an earlier record.
        """
        try:
            return self._last.learn(lesson)
        except RiverRaised as raised:
            failed = records[raised.place]
            rest = np.flatnonzero(records[raised.place :] < failed) + raised.place
            if len(rest):
                self._learned(rows_of(lesson, rest), records[rest])
            raise RiverRaised(int(failed), raised.cause) from raised.cause

    def _drawn(self, lesson: Lesson) -> PlaceGrid:
        """How often each record is learned by each model."""
        drawn = np.zeros((len(lesson.learns), self._models), np.int64)
        copies = lesson.copies.tolist()
        for record in np.flatnonzero(lesson.learns).tolist():
            if copies[record] not in self._random:
                self._random[copies[record]] = copy_of(self._first)
            rng = self._random[copies[record]]
            drawn[record] = [poisson(1, rng) for _ in range(self._models)]
        return drawn

    def _together(self, answers: Answers, firsts: Places) -> Answers:
        """What the models say of each record before they learn from it, as one."""
        if answers.numbers is not None:
            said = answers.numbers[firsts].reshape(self._models, -1).T.tolist()
            return Answers(np.array([statistics.mean(each) for each in said], np.float64))
        return self._elected(votes_of(answers), firsts, answers.classes)

    def _elected(self, votes: Votes, firsts: Places, classes: tuple[Hashable, ...]) -> Answers:
        """What the models vote for in the first round of each record."""
        given = Votes(votes.probabilities[firsts], votes.order[firsts])
        shape = len(firsts) // self._models, len(classes)
        found = Votes(np.zeros(shape), np.full(shape, -1, np.int32))
        _vote(given, np.empty(len(classes), np.int64), found)
        return Answers(classes=classes, probabilities=found.probabilities, order=found.order)


def votes_of(answers: Answers) -> Votes:
    """What classifiers say, with an order."""
    assert answers.probabilities is not None
    return Votes(answers.probabilities, order_of(answers))


def rows_of(lesson: Lesson, records: Places) -> Lesson:
    """A lesson of these records, one behind the other."""
    before = _taken(lesson.before, records)
    after = before if lesson.after is lesson.before else _taken(lesson.after, records)
    return Lesson(before, after, lesson.y[records], lesson.learns[records], lesson.copies[records])


def _taken(cells: Cells, records: Places) -> Cells:
    """The cells of these records, one behind the other."""
    sizes = np.diff(cells.bounds)[records]
    bounds = np.concatenate(([0], np.cumsum(sizes)))
    places = np.arange(bounds[-1]) + np.repeat(cells.bounds[:-1][records] - bounds[:-1], sizes)
    return Cells(bounds, cells.ids[places], cells.values[places], cells.whole[places])


@kernel
def _vote(votes: Votes, places: Places, found: Votes) -> None:
    """Add up the probabilities of each class, in the order in which the models name them, and divide by their sum."""
    records = len(found.order)
    for record in range(records):
        places[:] = -1
        named = 0
        for row in range(record, len(votes.order), records):
            for nth in range(votes.order.shape[1]):
                label = votes.order[row, nth]
                if label < 0:
                    break
                if places[label] < 0:
                    places[label] = named
                    found.order[record, named] = label
                    named += 1
                found.probabilities[record, places[label]] += votes.probabilities[row, nth]
        total = summed(found.probabilities[record], named)
        if total > 0.0:
            for place in range(named):
                found.probabilities[record, place] /= total
