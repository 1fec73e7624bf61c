"""Twins of river's one-hot encoder, over the numbers of words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

import numpy as np

from models.compiled.arrays import with_room
from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.selection import Stateless
from models.compiled.twin import Features, NoTwin, Transformer
from schemas.kernel import CodeGrid, Codes, Places, blank, kernel, shared


class Met(NamedTuple):
    """The words that an encoder has learned, by copy: how many, in the order in which it met them, and their places.

    Places count from 1: a word that was not met is at 0.
    """

    counts: Places
    order: CodeGrid
    places: CodeGrid


def one_hot_encoder(step: Any) -> Transformer:
    """Twin of `preprocessing.OneHotEncoder`. Raises NoTwin."""
    if step.categories is not None:
        raise NoTwin("has given categories")
    if step.drop_first:
        raise NoTwin("drops the first category")
    return OnesEncoder() if step.drop_zeros else OneHotEncoder()


class WordEncoder(Transformer):
    """Makes a feature of each word: `made`, by the word's number, -1 for words of fields that it is not given."""

    def __init__(self) -> None:
        self._fields: frozenset[Hashable] = frozenset()
        self.made: Codes = np.empty(0, np.int32)

    def expect(self, features: Features) -> Features:
        for name, is_text in features.items():
            if not is_text:
                raise NoTwin(f'OneHotEncoder takes text and whole numbers, and "{name}" is neither')
        fields = frozenset(features)
        if fields != self._fields:
            self._fields, self.made = fields, np.empty(0, np.int32)
        return {("one-hot", name): False for name in features}

    def make_room(self, copies: int, known: Vocabulary) -> None:
        new: Iterable[tuple[int, Any]] = enumerate(known.words.known[len(self.made) :], len(self.made))
        made = [
            known.made_of(number, f"{field}_{word}") if field in self._fields else -1 for number, (field, word) in new
        ]
        self.made = np.append(self.made, np.array(made, np.int32))


class OnesEncoder(WordEncoder, Stateless):
    """Twin of one that leaves the zeros out: it learns nothing."""

    def transform(self, cells: Cells) -> Cells:
        ones = np.ones(len(cells.values))
        return Cells(cells.bounds, self.made[cells.values.astype(np.int64)], ones, ones.astype(np.bool_))


class OneHotEncoder(WordEncoder):
    """Twin of one that gives a zero for each other word that it has met."""

    def __init__(self) -> None:
        super().__init__()
        self.state = blank(Met)

    def make_room(self, copies: int, known: Vocabulary) -> None:
        super().make_room(copies, known)
        self.state = with_room(self.state, copies, len(known.words))

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        words = {f"{field}_{word}": (field, word) for field, met in step.values.items() for word in met}
        numbers = known.words.numbers(words[name] for name in step._zero_dict)
        self.make_room(copy + 1, known)
        self.state.counts[copy] = len(numbers)
        self.state.order[copy, : len(numbers)] = numbers
        self.state.places[copy, numbers] = np.arange(1, len(numbers) + 1)

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        step.values, step._zero_dict = defaultdict(set), {}
        for number in self.state.order[copy, : self.state.counts[copy]].tolist():
            field, word = known.words.known[number]
            step.values[field].add(word)
            step._zero_dict[f"{field}_{word}"] = 0

    def learn(self, lesson: Lesson) -> Lesson:
        room = len(lesson.learns) * int((self.made >= 0).sum())
        encoded = lesson._replace(before=self._room(lesson, room), after=self._room(lesson, room))
        _encode(lesson, self.state, self.made, encoded)
        return lesson._replace(before=_cut(encoded.before), after=_cut(encoded.after))

    def _room(self, lesson: Lesson, cells: int) -> Cells:
        bounds = np.zeros(len(lesson.learns) + 1, np.int64)
        return Cells(bounds, np.empty(cells, np.int32), np.empty(cells), np.ones(cells, np.bool_))


def _cut(cells: Cells) -> Cells:
    end = cells.bounds[-1]
    return Cells(cells.bounds, cells.ids[:end], cells.values[:end], cells.whole[:end])


@shared
def _ones(cells: Cells, record: int, met: tuple[int, Codes, Codes], made: Codes, encoded: Cells) -> None:
    """A zero for each word that was met, in that order, and then a one for each in the record."""
    count, order, places = met
    start = encoded.bounds[record]
    for place in range(count):
        encoded.ids[start + place] = made[order[place]]
        encoded.values[start + place] = 0.0
    end = start + count
    for cell in range(cells.bounds[record], cells.bounds[record + 1]):
        word = int(cells.values[cell])
        place = places[word]
        if place > 0:
            encoded.values[start + place - 1] = 1.0
        else:
            encoded.ids[end], encoded.values[end] = made[word], 1.0
            end += 1
    encoded.bounds[record + 1] = end


@kernel
def _encode(given: Lesson, state: Met, made: Codes, encoded: Lesson) -> None:
    after = given.after
    for record in range(len(given.learns)):
        copy = given.copies[record]
        order, places = state.order[copy], state.places[copy]
        _ones(given.before, record, (state.counts[copy], order, places), made, encoded.before)
        if not given.learns[record]:
            encoded.after.bounds[record + 1] = encoded.after.bounds[record]
            continue
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            word = int(after.values[cell])
            if places[word] == 0:
                order[state.counts[copy]] = word
                state.counts[copy] += 1
                places[word] = state.counts[copy]
        _ones(after, record, (state.counts[copy], order, places), made, encoded.after)
