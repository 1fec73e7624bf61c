"""Twins of the steps that only choose among the features."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.twin import Features, NoTwin, Transformer
from schemas.kernel import Codes, kernel


class Stateless(Transformer):
    """Twin of a transformer that never learns."""

    def make_room(self, copies: int, known: Vocabulary) -> None:
        """There is no state; `known` may be needed by what transforms."""

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        pass

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        pass

    def learn(self, lesson: Lesson) -> Lesson:
        before = self.transform(lesson.before)
        return lesson._replace(
            before=before, after=before if lesson.after is lesson.before else self.transform(lesson.after)
        )

    @abstractmethod
    def transform(self, cells: Cells) -> Cells:
        """What it makes of records."""


class Select(Stateless):
    """Twin of `compose.Select` by names."""

    def __init__(self, step: Any) -> None:
        if any(callable(key) for key in step.keys):
            raise NoTwin("selects by a function")
        self._names = list(step.keys)  # in the order of the features
        self._wanted = np.empty(0, np.int32)

    def expect(self, features: Features) -> Features:
        lacking = [name for name in self._names if name not in features]
        if lacking:
            raise NoTwin(f'Select takes fields, and "{lacking[0]}" is none of what it is given')
        return {name: features[name] for name in self._names}

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self._wanted = known.features.numbers(self._names)

    def transform(self, cells: Cells) -> Cells:
        return chosen(cells, self._wanted)


class Discard(Stateless):
    """Twin of `compose.Discard`."""

    def __init__(self, step: Any) -> None:
        self._names = step.keys
        self._is_kept = np.empty(0, np.bool_)

    def expect(self, features: Features) -> Features:
        return {name: is_text for name, is_text in features.items() if name not in self._names}

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self._is_kept = np.array([name not in self._names for name in known.features.known], np.bool_)

    def transform(self, cells: Cells) -> Cells:
        kept = self._is_kept[cells.ids]
        before = np.concatenate(([0], np.cumsum(kept)))
        return Cells(before[cells.bounds], cells.ids[kept], cells.values[kept], cells.whole[kept])


def chosen(cells: Cells, features: Codes) -> Cells:
    """The features of each record that are asked for, which all records have, in that order."""
    records, width = len(cells.bounds) - 1, len(features)
    room = np.empty(records * width), np.empty(records * width, np.bool_)
    found = Cells(np.arange(records + 1) * width, np.tile(features, records), *room)
    _choose(cells, found)
    return found


@kernel
def _choose(cells: Cells, found: Cells) -> None:
    for record in range(len(cells.bounds) - 1):
        for place in range(found.bounds[record], found.bounds[record + 1]):
            for cell in range(cells.bounds[record], cells.bounds[record + 1]):
                if cells.ids[cell] == found.ids[place]:
                    found.values[place] = cells.values[cell]
                    found.whole[place] = cells.whole[cell]
