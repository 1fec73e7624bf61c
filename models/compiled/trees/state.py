"""The trees of all copies of a model, in arrays: what they have whatever they learn."""

from __future__ import annotations

from typing import NamedTuple

from schemas.kernel import Codes, FlagGrid, Flags, FloatGrid, Floats, Places

LEAF, AT_MOST, EQUAL, EACH = range(4)
"""Kinds of nodes: a leaf, or a branch with a child for values up to a bound and one for others, one for a word and one
for others, or one for each word."""

NOTHING, SOMETHING, DISABLED = range(3)
"""What a leaf has of a feature."""


class Nodes(NamedTuple):
    """Nodes by number, -1 for none. The children of a node are linked: `firsts` of it, then `nexts` of each.

    A leaf has a place in `Leaves`; a branch has a feature, and a bound or the number of a word. `words` say by which
    word an `EACH` branch leads to a node.
    """

    kinds: Codes
    features: Codes
    bounds: Floats
    depths: Codes
    leaves: Codes
    parents: Codes
    firsts: Codes
    nexts: Codes
    words: Codes


class Tallies(NamedTuple):
    """What leaves have met with a word: entries in the order in which they came, found by a hash table.

    `weights` say how often in each class, or of numbers what their leaves keep of these.
    `table` holds the number of an entry and 1, 0 for none; its size is a power of 2. `leaves` is -1 where the leaf is
    gone. `used`, shape `(1,)`, is the number of entries.
    """

    leaves: Codes
    features: Codes
    words: Codes
    weights: FloatGrid
    table: Places
    used: Places


class Roots(NamedTuple):
    """What there is of each copy once: the node that is its root, how much it has learned, and of which classes.

    `sizes`, `(copies, 3)`, are river's estimates: of an active leaf, of an inactive one, and the overhead's fraction.
    """

    nodes: Codes
    seen: Floats
    active: Places
    inactive: Places
    is_growing: Flags
    is_known: FlagGrid
    sizes: FloatGrid


AT, EVENT, NODE, DECISION, BEST, IS_SAME = range(6)
"""Places in `turn`: the record where the kernel has stopped, why, at which node, and what it has found there; and
whether records are the same when they are predicted and when they are learned."""

DONE, NO_ROOM, NEW_WORD, ATTEMPT, PERIOD, FAILED = range(6)
"""Why it has stopped; `FAILED` is where Python cannot square an error."""

KEEP, PRUNE, SPLIT, ASK = range(4)
"""What is to become of a leaf; to ask means that river's own nominal observers have a say."""
