"""How often a leaf has met a word: a hash table with open addressing, as kernels use it."""

from __future__ import annotations

from models.compiled.trees.state import Tallies
from schemas.kernel import kernel, shared


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
def tally(tallies: Tallies, leaf: int, feature: int, word: int, label: int) -> None:
    """Count a word; there has to be room for an entry more."""
    entry = entry_of(tallies, leaf, word)
    if entry < 0:
        entry = tallies.used[0]
        tallies.used[0] += 1
        tallies.leaves[entry], tallies.features[entry], tallies.words[entry] = leaf, feature, word
        tallies.weights[entry] = 0.0
        enter(tallies, entry)
    tallies.weights[entry, label] += 1.0


@shared
def has_room(tallies: Tallies, more: int) -> bool:
    return tallies.used[0] + more <= len(tallies.leaves) and 2 * (tallies.used[0] + more) <= len(tallies.table)


@kernel
def put_in(tallies: Tallies, entry: int) -> None:
    """Put an entry into the table, for once."""
    enter(tallies, entry)


@kernel
def index(tallies: Tallies) -> None:
    """Put all entries into a table that is empty."""
    for entry in range(tallies.used[0]):
        enter(tallies, entry)
