"""Twin of river's bagging that watches for drift: where the labels have changed, a model begins anew."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from models.compiled.adwin import Detectors
from models.compiled.bagging import Bagging, Turns, Votes, rows_of, votes_of
from models.compiled.chain import Chain, parts
from models.compiled.drifting import watch
from models.compiled.rows import Lesson, Vocabulary
from models.compiled.twin import Answers, Estimator, Features, NoTwin
from schemas.kernel import Codes, FlagGrid, Floats, Places, kernel

MOST_PLACES = 3
"""For each model there are so many places at most, those of models before it included."""


class ADWINBagging(Bagging):
    """Twin of `ensemble.ADWINBaggingClassifier`, of twins of the model that is bagged.

    The models learn all records, and are asked once more after each; then the detectors of drift hear of the records
    one by one. Where one has the worst model begin anew, it does so in a place that has learned nothing, and learns
    the records from there on once more: none of the other models knows of it.
    """

    def __init__(self, step: Any, front: Chain, last: Estimator) -> None:
        super().__init__(step, front, last)
        self._blank = front, last
        self._model = step.model.clone()
        self._used = 0
        self._place_of = np.zeros((0, self._models), np.int64)
        self._detectors = Detectors()
        self._features: Features = {}
        self._known = Vocabulary()
        self._begin()

    def _begin(self) -> None:
        front, last = self._blank
        self._front, self._last = deepcopy(front), deepcopy(last).apart()

    def expect(self, features: Features) -> Features:
        self._features = features
        return super().expect(features)

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self._known, first = known, len(self._place_of)
        if copies > first:
            self._place_of = np.concatenate([self._place_of, self._new((copies - first, self._models))])
        self._have_room()
        self._detectors.make_room(copies * self._models, 0)

    def _new(self, shape: tuple[int, ...]) -> Any:
        """Places in which nothing has been learned."""
        self._used += int(np.prod(shape))
        return np.arange(self._used - int(np.prod(shape)), self._used).reshape(shape)

    def _have_room(self) -> None:
        self._front.make_room(self._used, self._known)
        self._last.make_room(self._used, self._known)

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        if copy < len(self._place_of):
            self._place_of[copy] = self._new((self._models,))
        self.make_room(copy + 1, known)
        super().load(copy, known, step)
        for row, detector in enumerate(step._drift_detectors, copy * self._models):
            self._detectors.load(row, detector)

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        step.models[:] = [self._model.clone() for _ in step.models]  # those of river may be ones that were replaced
        super().store(copy, known, step)
        step._drift_detectors = [self._detectors.stored(copy * self._models + at) for at in range(self._models)]

    def _places(self, copies: Codes, numbers: Places) -> Places:
        return self._place_of[copies, numbers]

    def learn(self, lesson: Lesson) -> Answers | None:
        if not self._tidy():
            return None
        if self._front.twins:  # these give a model that begins anew other numbers, and it may not take them
            self._last = self._last.apart()
        times = self._drawn(lesson).T.reshape(-1)
        turns = self._turns(lesson, times, times + 1)
        answers = self._learned(self._front.learn(turns.lesson), turns.records)
        if answers is None:
            return None
        votes = votes_of(answers)
        if not self._watch(lesson, turns, votes, self._meant(answers)):
            return None
        return self._elected(votes, turns.firsts, answers.classes)

    def _meant(self, answers: Answers) -> Floats:
        """The labels of the classes that are said, as a lesson has them."""
        return np.array(self._known.classes.numbers(answers.classes) if self.takes_classes else answers.classes, float)

    def _watch(self, lesson: Lesson, turns: Turns, votes: Votes, meant: Floats) -> bool:
        """Have models begin anew where there is drift; False where one cannot learn what it has to."""
        self._detectors.make_room(len(self._place_of) * self._models, len(lesson.learns))
        lasts = np.append(turns.firsts[1:], len(turns.records)) - 1
        right = np.empty((self._models, len(lesson.learns)), np.bool_)
        start = 0
        while True:
            _judge(votes, lasts, meant, lesson.y, right)
            found = watch(self._detectors.windows, right, lesson.learns, lesson.copies, start)
            if found < 0:
                return True
            record, number = divmod(found, self._models)
            if not self._begin_anew(lesson, turns, votes, record, number):
                return False
            start = record + 1

    def _begin_anew(self, lesson: Lesson, turns: Turns, votes: Votes, record: int, number: int) -> bool:
        """Have a model learn from what is behind a record only."""
        copy = int(lesson.copies[record])
        place = self._place_of[copy, number] = int(self._new((1,))[0])
        self._have_room()
        self._detectors.forget(copy * self._models + number)
        is_later = (turns.numbers == number) & (turns.records > record) & (lesson.copies[turns.records] == copy)
        later = np.flatnonzero(is_later)
        if not len(later):
            return True
        again = rows_of(turns.lesson, later)._replace(copies=np.full(len(later), place, np.int32))
        answers = self._learned(self._front.learn(again), turns.records[later])
        if answers is None:
            return False
        votes.probabilities[later], votes.order[later] = votes_of(answers)
        return True

    def _tidy(self) -> bool:
        """Leave the places of models that were replaced; False where arrays cannot hold those that are left."""
        if self._used <= MOST_PLACES * self._place_of.size:
            return True
        before = self._front, self._last, self._place_of, self._used
        front, last, places, _ = before
        self._begin()
        super().expect(self._features)
        self._used = 0
        self._place_of = self._new(places.shape)
        self._have_room()
        try:
            for old, new in zip(places.reshape(-1).tolist(), self._place_of.reshape(-1).tolist(), strict=True):
                *first, model = parts(self._model.clone())
                front.store(old, self._known, first)
                last.store(old, self._known, model)
                self._front.load(new, self._known, first)
                self._last.load(new, self._known, model)
        except NoTwin:
            self._front, self._last, self._place_of, self._used = before
            return False
        return True


@kernel
def _judge(votes: Votes, rows: Places, meant: Floats, y: Floats, right: FlagGrid) -> None:
    """Whether the first of the likeliest classes, of which there may be none, is the label; `rows` by model, record."""
    records = len(y)
    for place in range(len(rows)):
        row, likeliest = rows[place], -1
        for nth in range(votes.order.shape[1]):
            if votes.order[row, nth] < 0:
                break
            if likeliest < 0 or votes.probabilities[row, nth] > votes.probabilities[row, likeliest]:
                likeliest = nth
        is_right = likeliest >= 0 and meant[votes.order[row, likeliest]] == y[place % records]
        right[place // records, place % records] = is_right
