"""What leaves of any trees do: observe features, and come due for an attempt to split them."""

from __future__ import annotations

import math
from typing import Any

from models.compiled.trees.state import DISABLED, NOTHING, SOMETHING
from models.compiled.trees.walk import Desk, Trees
from schemas.kernel import shared


@shared
def observes(leaves: Any, leaf: int, feature: int) -> bool:
    """Whether a leaf observes a feature; one that is new to it, it does from now on."""
    if leaves.observed[leaf, feature] == NOTHING:
        leaves.observed[leaf, feature] = SOMETHING
        leaves.feature_order[leaf, leaves.feature_counts[leaf]] = feature
        leaves.feature_counts[leaf] += 1
    return bool(leaves.observed[leaf, feature] != DISABLED)


@shared
def is_due(trees: Trees, node: int, copy: int, design: Any) -> bool:
    """Whether a leaf has seen enough for an attempt to split it; one at the greatest depth no longer observes."""
    leaves, roots = trees.leaves, trees.roots
    leaf = trees.nodes.leaves[node]
    if not (roots.is_growing[copy] and leaves.active[leaf]):
        return False
    if trees.nodes.depths[node] >= design.max_depth:
        leaves.active[leaf] = False
        roots.active[copy] -= 1
        roots.inactive[copy] += 1
        return False
    return bool(leaves.totals[leaf] - leaves.attempted[leaf] >= design.grace_period)


@shared
def suggestions(leaves: Any, leaf: int, design: Any) -> int:
    """How many suggestions there are for a split: one for each feature, and the one not to split."""
    return int(leaves.feature_counts[leaf]) + (1 if design.prunes else 0)


@shared
def two_best(desk: Desk, count: int) -> tuple[int, float]:
    """The place of the best merit, the last one of equals, and the merit next to it."""
    best, second = 0, -math.inf
    for place in range(1, count):
        if desk.merits[place] >= desk.merits[best]:
            second, best = desk.merits[best], place
        elif desk.merits[place] > second:
            second = desk.merits[place]
    return best, second
