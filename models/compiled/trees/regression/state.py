"""Regression trees in arrays: what they have beside the nodes that all trees have."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.compiled import descent
from models.compiled.descent import Weights
from models.compiled.trees.state import Nodes, Roots, Tallies
from schemas.kernel import CodeGrid, Codes, Flags, FloatGrid, Floats, Places, blank

COUNT, MEAN, SQUARES = range(3)
"""River's `stats.Var`: how many labels, their mean, and the sum of squares around it."""


class Leaves(NamedTuple):
    """Leaves by place. `labels`, `(n, 3)`, are those of a leaf as in a `stats.Var`, and `totals` their number.

    `searches` has the root of the search tree of each feature, 0 for none. The rest is as in classification trees.
    """

    nodes: Codes
    copies: Codes
    active: Flags
    attempted: Floats
    totals: Floats
    labels: FloatGrid
    errors_of_mean: Floats
    errors_of_model: Floats
    feature_counts: Codes
    feature_order: CodeGrid
    observed: CodeGrid
    searches: CodeGrid


class Search(NamedTuple):
    """The nodes of the search trees of all leaves: a value, and the labels of records up to it; 0 is no node.

    `used` are the first place that was never used, the first one that is free again, from where on `parents` lead to
    the next, and how many of these there are.
    """

    values: Floats
    labels: FloatGrid
    lefts: Codes
    rights: Codes
    parents: Codes
    used: Places


FRESH, FREE, FREE_COUNT = range(3)
"""Places in `used`."""


class Trees(NamedTuple):
    """All of it; `tallies` have the labels of words, and `models` those of leaves, by their place."""

    nodes: Nodes
    leaves: Leaves
    tallies: Tallies
    search: Search
    models: Weights
    roots: Roots


class Design(NamedTuple):
    """The hyperparameters of a tree that its kernels need; `digits` is 10 to the power of how many are kept, or 0."""

    prediction: int
    grace_period: float
    log_confidence: float
    tau: float
    max_depth: int
    decay: float
    least: float
    digits: float
    prunes: bool
    drops_poor: bool
    estimate_period: float
    model: descent.Design


MEAN_ONLY, MODEL_ONLY, ADAPTIVE = range(3)


class Desk(NamedTuple):
    """Room for a kernel to work in, as for classification trees; `lefts` and `rights`, `(n, 3)`, are the labels on
    either side of a split."""

    values: Floats
    stamps: Places
    is_nominal: Flags
    merits: Floats
    points: Floats
    is_split: Flags
    lefts: FloatGrid
    rights: FloatGrid
    sums: Floats
    turn: Places


def no_trees() -> Trees:
    """Those of no copies; the nodes of search trees will begin at 1."""
    search = blank(Search)._replace(labels=np.zeros((0, 3)), used=np.array([1, 0, 0]))
    return Trees(blank(Nodes), blank(Leaves), blank(Tallies), search, blank(Weights), blank(Roots))
