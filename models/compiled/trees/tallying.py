"""What a leaf has met with a word: a hash table with open addressing, as kernels use it."""

from __future__ import annotations

import numpy as np

from models.compiled.trees.state import Tallies
from schemas.kernel import kernel, shared

_LEAST_ROOM = 64


@shared
def _home(tallies: Tallies, leaf: int, word: int) -> int:
    return (leaf * 40_503 + word * 2_654_435_761) & (len(tallies.table) - 1)


@shared
def entry_of(tallies: Tallies, leaf: int, word: int) -> int:
    """The entry of a leaf and a word, -1 where there is none."""
    at = _home(tallies, leaf, word)
    while tallies.table[at] != 0:
        entry = tallies.table[at] - 1
        if tallies.leaves[entry] == leaf and tallies.words[entry] == word:
            return int(entry)
        at = (at + 1) & (len(tallies.table) - 1)
    return -1


@shared
def enter(tallies: Tallies, entry: int) -> None:
    """Put an entry into the table, in which it is not yet."""
    at = _home(tallies, tallies.leaves[entry], tallies.words[entry])
    while tallies.table[at] != 0:
        at = (at + 1) & (len(tallies.table) - 1)
    tallies.table[at] = entry + 1


@shared
def entry_for(tallies: Tallies, leaf: int, feature: int, word: int) -> int:
    """The entry of a leaf and a word, a new one where there is none; there has to be room for it."""
    entry = entry_of(tallies, leaf, word)
    if entry < 0:
        entry = int(tallies.used[0])
        tallies.used[0] += 1
        tallies.leaves[entry], tallies.features[entry], tallies.words[entry] = leaf, feature, word
        tallies.weights[entry] = 0.0
        enter(tallies, entry)
    return entry


@shared
def tally(tallies: Tallies, leaf: int, feature: int, word: int, label: int) -> None:
    """Count a word; there has to be room for an entry more."""
    tallies.weights[entry_for(tallies, leaf, feature, word), label] += 1.0


@shared
def has_room(tallies: Tallies, more: int) -> bool:
    """Whether there is room for so many entries more."""
    needs = int(tallies.used[0]) + more
    return needs <= len(tallies.leaves) and 2 * needs <= len(tallies.table)


@kernel
def _put_in(tallies: Tallies, entry: int) -> None:
    enter(tallies, entry)


@kernel
def _index(tallies: Tallies) -> None:
    for entry in range(tallies.used[0]):
        enter(tallies, entry)


def fitted(tallies: Tallies, more: int, width: int) -> Tallies:
    """With room for so many entries more, of `width` weights each; those of leaves that are gone make some."""
    kept = np.flatnonzero(tallies.leaves[: int(tallies.used.sum())] >= 0)
    room = max(2 * (len(kept) + more), len(tallies.leaves), _LEAST_ROOM)
    weights = np.zeros((room, width))
    weights[: len(kept), : tallies.weights.shape[1]] = tallies.weights[kept]
    leaves, features, words = (np.full(room, -1, np.int32) for _ in range(3))
    for array, given in ((leaves, tallies.leaves), (features, tallies.features), (words, tallies.words)):
        array[: len(kept)] = given[kept]
    table = np.zeros(1 << (4 * room - 1).bit_length(), np.int64)
    larger = Tallies(leaves, features, words, weights, table, np.array([len(kept)]))
    _index(larger)
    return larger


def entries(tallies: Tallies, leaf: int, feature: int) -> list[int]:
    """The entries of words that a leaf has met, in the order in which it met them."""
    used = int(tallies.used[0])
    found: list[int] = np.flatnonzero((tallies.leaves[:used] == leaf) & (tallies.features[:used] == feature)).tolist()
    return found


def add_entry(tallies: Tallies, leaf: int, feature: int, word: int, weights: dict[int, float]) -> None:
    """Note the weights, by place, of a word that a leaf has met; there has to be room."""
    entry = int(tallies.used[0])
    tallies.leaves[entry], tallies.features[entry], tallies.words[entry] = leaf, feature, word
    tallies.weights[entry] = 0.0
    tallies.weights[entry, list(weights)] = list(weights.values())
    _put_in(tallies, entry)
    tallies.used[0] += 1


def forget(tallies: Tallies, leaf: int, feature: int | None = None) -> None:
    """Give up what a leaf has met, of one feature or of all."""
    used = int(tallies.used[0])
    gone = tallies.leaves[:used] == leaf
    if feature is not None:
        gone &= tallies.features[:used] == feature
    tallies.leaves[:used][gone] = -1
