"""What a compiled twin of a river step does."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from models.compiled.rows import Lesson, Vocabulary
from schemas.kernel import CodeGrid, Codes, FloatGrid, Floats, Places

Features: TypeAlias = Mapping[Any, bool]
"""Features by name, and whether each is text; what a step makes up from the data, numbers all, has some other name."""


class NoTwin(Exception):
    """Why a step has no compiled twin; what is raised where a twin is made goes on from the step's name."""


class RiverRaised(Exception):
    """River raised `cause` while it learned from the record at `place` of a lesson; the state is of no use then."""

    def __init__(self, place: int, cause: Exception) -> None:
        super().__init__(place, cause)
        self.place, self.cause = place, cause


class Twin(ABC):
    """The same step as one of river's, over many records at once, with its state in arrays.

    It holds the states of many copies of the step, one a key. `load` takes a copy's state over from a river step, and
    `store` puts it into one, so that either can go on where the other has stopped. Whole numbers are the same as
    floats to it where their magnitude is below `exact_below`: river keeps them whole. It takes no number of the
    magnitude `finite_below` or beyond. `name` is what texts call it: the river step's class.
    """

    name = ""
    exact_below: float = math.inf
    finite_below: float = math.inf

    def expect(self, features: Features) -> Features:
        """The features behind the step, where these are in front of it. Raises NoTwin for what it cannot take."""
        for name, is_text in features.items():
            if is_text:
                raise NoTwin(f'{self.name} takes numbers, and "{name}" is text')
        return features

    @abstractmethod
    def make_room(self, copies: int, known: Vocabulary) -> None:
        """Have room for so many copies, and for all that is known; what is new has learned nothing."""

    @abstractmethod
    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        """Make the state of a copy that of `step`. Raises NoTwin for a state that arrays cannot hold exactly."""

    @abstractmethod
    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        """Make the state of `step`, which is the same step of river, that of a copy."""


class Transformer(Twin):
    """Twin of a transformer; one that `is_supervised` learns from the label, too, which has to be a number then."""

    is_supervised = False

    @abstractmethod
    def learn(self, lesson: Lesson) -> Lesson:
        """Transform each record, learn from it where it is to be learned from, and transform it again."""


@dataclass(frozen=True)
class Answers:
    """What an estimator predicts: `numbers`, shape `(n,)`, or the probability of each of the `classes`, `(n, classes)`.

    Those of clusters are whole. Where records know different classes, or in another order, `order`, `(n, classes)`,
    says which class is meant by each place in `probabilities`, as river's dictionary has them, and -1 behind the last;
    `chosen`, `(n,)`, is the class for those who do not choose the likeliest, -1 for none.
    """

    numbers: Floats | Places | None = None
    classes: tuple[Hashable, ...] = ()
    probabilities: FloatGrid | None = None
    order: CodeGrid | None = None
    chosen: Codes | None = None


def joined(answers: Sequence[Answers]) -> Answers:
    """The answers of one estimator about some records, and about those that follow."""

    def column(name: str) -> Any:
        parts = [getattr(each, name) for each in answers]
        return None if parts[0] is None else np.concatenate(parts)

    columns = {name: column(name) for name in ("numbers", "probabilities", "chosen")}
    has_order = any(each.order is not None for each in answers)
    order = np.concatenate([order_of(each) for each in answers]) if has_order else None
    return Answers(classes=answers[-1].classes, order=order, **columns)


def order_of(answers: Answers) -> CodeGrid:
    """The order of classes, shape `(n, classes)`, which is as it is where the answers have none."""
    if answers.order is not None:
        return answers.order
    assert answers.probabilities is not None
    as_it_is: CodeGrid = np.tile(np.arange(len(answers.classes), dtype=np.int32), (len(answers.probabilities), 1))
    return as_it_is


def in_one_order(answers: Answers) -> Answers:
    """The same answers without an order, where all records know the same classes in the same order.

    >>> p, order = np.array([[0.75, 0.25, 0.0]]), np.array([[1, 0, -1]])
    >>> in_one_order(Answers(classes=("a", "b", "c"), probabilities=p, order=order))
    Answers(numbers=None, classes=('b', 'a'), probabilities=array([[0.75, 0.25]]), order=None, chosen=None)
    """
    order, p = answers.order, answers.probabilities
    if order is None or p is None or answers.chosen is not None or not len(order) or (order != order[0]).any():
        return answers
    numbers = order[0][order[0] >= 0].tolist()
    return Answers(classes=tuple(answers.classes[number] for number in numbers), probabilities=p[:, : len(numbers)])


class Estimator(Twin):
    """Twin of an estimator.

    `may_fail` says whether there are numbers with which river raises an error. One that `takes_classes` is given the
    numbers of labels in `Vocabulary.classes`, and else the labels themselves.
    """

    may_fail = False
    takes_classes = False

    def apart(self) -> Estimator:
        """Itself, where `deepcopy` makes a copy of it; one that stays itself then gives a copy of it here."""
        return self

    @abstractmethod
    def learn(self, lesson: Lesson) -> Answers | None:
        """Predict each record, and then learn from it where it is to be learned from.

        None where river would not have come through: the state is of no use then. Raises RiverRaised where it is known
        at which record.
        """


def binary(p: Floats) -> Answers:
    """The answers of a classifier that knows the probability of true."""
    return Answers(classes=(False, True), probabilities=np.column_stack((1.0 - p, p)))
