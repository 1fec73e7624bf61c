"""Twin of river's feature hasher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from models.compiled.rows import Cells, Vocabulary
from models.compiled.selection import Stateless
from models.compiled.twin import Features
from schemas.kernel import Codes, Flags, Floats, blank, kernel


class Buckets(NamedTuple):
    """The feature that something is hashed to, by its number, and 1 or -1 for the sign of what it adds there."""

    features: Codes
    signs: Floats


class FeatureHasher(Stateless):
    """Twin of `preprocessing.FeatureHasher`: a number is hashed by its feature's name, text with its own."""

    exact_below = 1 << 46  # river adds whole numbers as such

    def __init__(self, step: Any) -> None:
        self._hash = step.transform_one
        self._given: Features = {}
        self._is_text = np.empty(0, np.bool_)
        self._numbers, self._words = _none(), _none()

    def expect(self, features: Features) -> Features:
        if features != self._given:
            self._given, self._numbers, self._words = features, _none(), _none()
        return {("hashed",): False}

    def make_room(self, copies: int, known: Vocabulary) -> None:
        words: list[Any] = known.words.known[len(self._words.features) :]
        self._words = self._with(self._words, words, known)
        numbers = [(name, 1) for name in known.features.known[len(self._numbers.features) :]]
        self._numbers = self._with(self._numbers, numbers, known)
        self._is_text = np.array([self._given.get(name, False) for name in known.features.known], np.bool_)

    def _with(self, buckets: Buckets, pairs: Sequence[tuple[Any, Any]], known: Vocabulary) -> Buckets:
        """The buckets, and those of more features and values; what is not of the features given has none."""
        hashed = [
            next(iter(self._hash({name: value}).items())) if name in self._given else (None, 0) for name, value in pairs
        ]
        features = [-1 if bucket is None else known.features.number(bucket) for bucket, _ in hashed]
        return Buckets(
            np.append(buckets.features, np.array(features, np.int32)),
            np.append(buckets.signs, np.array([float(sign) for _, sign in hashed])),
        )

    def transform(self, cells: Cells) -> Cells:
        hashed = Cells(*map(np.empty_like, cells))
        hashed.bounds[0] = 0
        _hash(cells, self._is_text, self._numbers, self._words, hashed)
        end = hashed.bounds[-1]
        return Cells(hashed.bounds, hashed.ids[:end], hashed.values[:end], hashed.whole[:end])


def _none() -> Buckets:
    return blank(Buckets)


@kernel
def _hash(cells: Cells, is_text: Flags, numbers: Buckets, words: Buckets, hashed: Cells) -> None:
    """What falls into the same bucket of a record is added up, in the order of its features; words count as whole."""
    end = 0
    for record in range(len(cells.bounds) - 1):
        start = end
        for cell in range(cells.bounds[record], cells.bounds[record + 1]):
            feature, value = cells.ids[cell], cells.values[cell]
            is_whole = is_text[feature] or cells.whole[cell]
            if is_text[feature]:
                word = int(value)
                bucket, value = words.features[word], words.signs[word]
            else:
                bucket, value = numbers.features[feature], value * numbers.signs[feature]
            place = start
            while place < end and hashed.ids[place] != bucket:
                place += 1
            if place == end:
                hashed.ids[end], hashed.values[end], hashed.whole[end] = bucket, value, is_whole
                end += 1
            else:
                hashed.values[place] += value
                hashed.whole[place] &= is_whole
        hashed.bounds[record + 1] = end
