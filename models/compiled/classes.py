"""The classes that each copy of a model has learned, in the order in which it learned them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.compiled.arrays import with_room
from models.compiled.rows import Lesson, Vocabulary
from models.compiled.twin import Answers
from schemas.kernel import CodeGrid, FloatGrid, Places, blank, shared


class Ranks(NamedTuple):
    """The first `known` classes of a copy: `classes` by copy and place, and `places` by copy and class, -1 for none.

    What is learned of the class at a place is in the row `rows` of the model's own arrays.
    """

    known: Places
    classes: CodeGrid
    places: CodeGrid
    rows: CodeGrid


class Ranking(NamedTuple):
    """Numbers by record and place, such as probabilities, of the classes in `order`, which is -1 behind the last."""

    values: FloatGrid
    order: CodeGrid


class Classes:
    """The ranks of all copies, and how many `rows` they have been given."""

    def __init__(self) -> None:
        self.ranks = blank(Ranks)
        self.rows = 0

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self.ranks = with_room(self.ranks, copies, len(known.classes), classes=-1, places=-1, rows=-1)

    def meet(self, lesson: Lesson) -> None:
        """Give places to the classes that are new in a lesson; the copies know them once they have learned them."""
        learned = np.flatnonzero(lesson.learns)
        copies, classes = lesson.copies[learned], lesson.y[learned].astype(np.int32)
        new = self.ranks.places[copies, classes] < 0
        for copy, number in dict.fromkeys(zip(copies[new].tolist(), classes[new].tolist(), strict=True)):
            self._place(copy, number)

    def load(self, copy: int, known: Vocabulary, labels: Iterable[Any]) -> npt.NDArray[np.int32]:
        """The rows of these classes, shape `(n,)`, which are what the copy knows, in this order."""
        numbers = known.classes.numbers(labels)
        self.make_room(copy + 1, known)
        for number in numbers.tolist():
            if self.ranks.places[copy, number] < 0:
                self._place(copy, number)
        self.ranks.known[copy] = len(numbers)
        return self.ranks.rows[copy, : len(numbers)]

    def stored(self, copy: int, known: Vocabulary) -> dict[Any, int]:
        """The row of each class that a copy knows, in their order."""
        count = self.ranks.known[copy]
        numbers, rows = self.ranks.classes[copy, :count].tolist(), self.ranks.rows[copy, :count].tolist()
        return {known.classes.known[number]: row for number, row in zip(numbers, rows, strict=True)}

    def _place(self, copy: int, number: int) -> None:
        place = int((self.ranks.classes[copy] >= 0).sum())
        self.ranks.classes[copy, place], self.ranks.places[copy, number] = number, place
        self.ranks.rows[copy, place] = self.rows
        self.rows += 1


def unranked(records: int, known: Vocabulary) -> Ranking:
    """Room for what is said of all classes."""
    shape = records, len(known.classes)
    return Ranking(np.zeros(shape), np.full(shape, -1, np.int32))


def answers(said: Ranking, known: Vocabulary) -> Answers:
    """What classifiers say by probabilities."""
    return Answers(classes=tuple(known.classes.known), probabilities=said.values, order=said.order)


@shared
def learned_row(ranks: Ranks, copy: int, number: int) -> int:
    """The row of a class that a copy learns from."""
    place = ranks.places[copy, number]
    if place == ranks.known[copy]:
        ranks.known[copy] += 1
    return int(ranks.rows[copy, place])
