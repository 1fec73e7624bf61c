"""The trees of all copies of a model, in arrays: nodes by number, and what their leaves have observed."""

from __future__ import annotations

import math
from typing import NamedTuple

from schemas.kernel import CodeCube, CodeGrid, Codes, FlagGrid, Flags, FloatBlocks, FloatGrid, Floats, Places, blank

LEAF, AT_MOST, EQUAL, EACH = range(4)
"""Kinds of nodes: a leaf, or a branch with a child for values up to a bound and one for others, one for a word and one
for others, or one for each word."""

NOTHING, SOMETHING, DISABLED = range(3)
"""What a leaf has of a feature."""

WEIGHT, MEAN, SQUARES, LOW, HIGH, SCALE, LOG_SCALE, IS_MET = range(8)
"""What a leaf has of a feature and a class. `SCALE`, -2 times the variance, and `LOG_SCALE`, half of its logarithm,
follow from the others; `SCALE` is 0 where there is no variance. Of a nominal feature only the weight is kept, and
whether river's dictionary has the class."""


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


class Leaves(NamedTuple):
    """Leaves by place; orders are those of river's dictionaries, and count as far as the counts beside them."""

    nodes: Codes
    copies: Codes
    active: Flags
    attempted: Floats
    right_by_majority: Floats
    right_by_bayes: Floats
    class_counts: Codes
    class_order: CodeGrid
    weights: FloatGrid
    is_known: FlagGrid
    feature_counts: Codes
    feature_order: CodeGrid
    observed: CodeGrid
    met_counts: CodeGrid
    met_order: CodeCube
    moments: FloatBlocks


class Tallies(NamedTuple):
    """How often a leaf has met a word in each class: entries in the order in which they came, found by a hash table.

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


class Trees(NamedTuple):
    """All of it."""

    nodes: Nodes
    leaves: Leaves
    tallies: Tallies
    roots: Roots


class Design(NamedTuple):
    """The hyperparameters of a tree that its kernels need."""

    prediction: int
    is_gini: bool
    grace_period: float
    log_confidence: float
    tau: float
    bayes_threshold: float
    max_depth: int
    split_points: int
    min_branch_fraction: float
    max_share: float
    prunes: bool
    drops_poor: bool
    estimate_period: float


MAJORITY, BAYES, ADAPTIVE = range(3)
HALF_LOG_TAU = 0.5 * math.log(math.tau)


class Desk(NamedTuple):
    """Room for a kernel to work in, and what it hands over.

    The record at hand has a value for those features whose stamp is its own. `lefts`, `rights` and `votes` are by
    class, `merits`, `points` and `is_split` by place among a leaf's suggestions, `sums` by depth.
    """

    values: Floats
    stamps: Places
    is_nominal: Flags
    votes: Floats
    lefts: Floats
    rights: Floats
    merits: Floats
    points: Floats
    is_split: Flags
    sums: Floats
    turn: Places


AT, EVENT, NODE, DECISION, BEST, IS_SAME = range(6)
"""Places in `turn`: the record where the kernel has stopped, why, at which node, and what it has found there; and
whether records are the same when they are predicted and when they are learned."""

DONE, NO_ROOM, NEW_WORD, ATTEMPT, PERIOD = range(5)
"""Why it has stopped."""

KEEP, PRUNE, SPLIT, ASK = range(4)
"""What is to become of a leaf; to ask means that river's own nominal observers have a say."""


def no_trees() -> Trees:
    return Trees(blank(Nodes), blank(Leaves), blank(Tallies), blank(Roots))
