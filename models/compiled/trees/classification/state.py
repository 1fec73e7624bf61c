"""Classification trees in arrays: what they have beside the nodes that all trees have."""

from __future__ import annotations

import math
from typing import NamedTuple

from models.compiled.trees.state import Nodes, Roots, Tallies
from schemas.kernel import CodeCube, CodeGrid, Codes, FlagGrid, Flags, FloatBlocks, FloatGrid, Floats, Places, blank

WEIGHT, MEAN, SQUARES, LOW, HIGH, SCALE, LOG_SCALE, IS_MET, IS_LOW_WHOLE, IS_HIGH_WHOLE = range(10)
"""What a leaf has of a feature and a class. `SCALE`, -2 times the variance, and `LOG_SCALE`, half of its logarithm,
follow from the others; `SCALE` is 0 where there is no variance. Which bounds are whole numbers is for river, which
reckons with such exactly. Of a nominal feature only the weight is kept, and whether river's dictionary has the class.
"""


class Leaves(NamedTuple):
    """Leaves by place; orders are those of river's dictionaries, and count as far as the counts beside them.

    `totals` are the weights that leaves have seen, and `attempted` what these were at the last attempt to split.
    """

    nodes: Codes
    copies: Codes
    active: Flags
    attempted: Floats
    totals: Floats
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


def no_trees() -> Trees:
    """Those of no copies."""
    return Trees(blank(Nodes), blank(Leaves), blank(Tallies), blank(Roots))
