"""Whether a leaf of a regression tree is split, and where: river's formulas over arrays."""

from __future__ import annotations

import math

from models.compiled.trees.leaves import suggestions, two_best
from models.compiled.trees.regression.search import put_back, unlink
from models.compiled.trees.regression.state import COUNT, MEAN, SQUARES, Design, Desk, Leaves, Search, Trees
from models.compiled.trees.regression.variance import Var, minus, plus, reduction, var_of
from models.compiled.trees.state import KEEP, PRUNE, SPLIT
from schemas.kernel import kernel, shared


@shared
def _note(desk: Desk, place: int, left: Var, right: Var) -> None:
    desk.lefts[place, COUNT], desk.lefts[place, MEAN], desk.lefts[place, SQUARES] = left
    desk.rights[place, COUNT], desk.rights[place, MEAN], desk.rights[place, SQUARES] = right


@shared
def _suggest_point(search: Search, root: int, before: Var, least: float, desk: Desk, place: int) -> None:
    """The best value to split at, of all that are in a search tree, from the least on.

    The labels of what is less than the values below a node are added on the way down, and taken away on the way up.
    """
    desk.merits[place], desk.is_split[place] = -math.inf, False
    node, last, less = root, 0, (0.0, 0.0, 0.0)
    while node != 0:
        parent, left, right = int(search.parents[node]), int(search.lefts[node]), int(search.rights[node])
        if last == parent and left != 0:
            last, node = node, left
            continue
        own = var_of(search.labels[node])
        if last != parent and last == right:
            less = minus(less, own)
            last, node = node, parent
            continue
        up_to = plus(own, less)
        beyond = minus(before, up_to)
        merit = reduction(before, up_to, beyond, least)
        if merit > desk.merits[place]:
            desk.merits[place], desk.points[place], desk.is_split[place] = merit, search.values[node], True
            _note(desk, place, up_to, beyond)
        last = node
        if right != 0:
            less = plus(less, own)
            node = right
        else:
            node = parent


@shared
def suggest(trees: Trees, leaf: int, design: Design, desk: Desk) -> bool:
    """Put the merits of splitting by each feature in their places; whether all features are numeric."""
    leaves, before = trees.leaves, var_of(trees.leaves.labels[leaf])
    is_numeric, at = True, 0
    if design.prunes:
        desk.merits[0], desk.is_split[0] = -math.inf, False
        at = 1
    for nth in range(leaves.feature_counts[leaf]):
        feature = leaves.feature_order[leaf, nth]
        if desk.is_nominal[feature]:
            is_numeric = False
        else:
            _suggest_point(trees.search, leaves.searches[leaf, feature], before, design.least, desk, at)
        at += 1
    return is_numeric


@shared
def bound_of(leaves: Leaves, leaf: int, design: Design) -> float:
    """The Hoeffding bound."""
    return math.sqrt(design.log_confidence / (2.0 * leaves.totals[leaf]))


@shared
def decided(trees: Trees, leaf: int, design: Design, desk: Desk) -> tuple[int, int]:
    """What the merits mean for a leaf, and the place of the best one."""
    count = suggestions(trees.leaves, leaf, design)
    if count == 0:
        return KEEP, 0
    best, second = two_best(desk, count)
    if count > 1:
        merit, bound = desk.merits[best], bound_of(trees.leaves, leaf, design)
        if not (merit > 0.0 and (second / merit < 1.0 - bound or bound < design.tau)):
            return KEEP, best
    return SPLIT if desk.is_split[best] else PRUNE, best


@shared
def _prune(search: Search, root: int, before: Var, least: float, limits: tuple[float, float]) -> int:
    """Take values out of a search tree that are much worse than the best one, and have no better below; the root.

    `limits` are the best merit, and the share of it below which a value is that bad.
    """
    node, is_bad, less = root, True, (0.0, 0.0, 0.0)
    was_left, was_right = False, False
    while node != 0:
        parent, left, right = int(search.parents[node]), int(search.lefts[node]), int(search.rights[node])
        own = var_of(search.labels[node])
        if not (was_left or was_right):
            if left != 0:
                node = left
                continue
            is_bad, was_left = True, True
        if was_left and is_bad and right != 0:
            less = plus(less, own)
            node, was_left = right, False
            continue
        if was_right:
            less = minus(less, own)
        if is_bad:
            up_to = plus(own, less)
            merit = reduction(before, up_to, minus(before, up_to), least)
            is_bad = merit / limits[0] < limits[1]
        was_left = parent != 0 and search.lefts[parent] == node
        was_right = parent != 0 and not was_left
        if is_bad:
            if parent != 0:
                unlink(search, node, parent)
            else:
                root = 0
            put_back(search, node)
        node = parent
    return root


@shared
def tidied(trees: Trees, leaf: int, limits: tuple[float, float], design: Design, desk: Desk) -> None:
    """Take bad values out of the search trees of a leaf that was not split."""
    leaves, before = trees.leaves, var_of(trees.leaves.labels[leaf])
    for nth in range(leaves.feature_counts[leaf]):
        feature = leaves.feature_order[leaf, nth]
        if not desk.is_nominal[feature]:
            root = leaves.searches[leaf, feature]
            leaves.searches[leaf, feature] = _prune(trees.search, root, before, design.least, limits)


@kernel
def decide(trees: Trees, leaf: int, design: Design, desk: Desk) -> tuple[int, int]:
    """`decided`, for Python to call."""
    return decided(trees, leaf, design, desk)


@kernel
def find_two_best(desk: Desk, count: int) -> tuple[int, float]:
    """`two_best`, for Python to call."""
    return two_best(desk, count)


@kernel
def tidy(trees: Trees, leaf: int, best: float, share: float, design: Design, desk: Desk) -> None:
    """`tidied`, for Python to call."""
    tidied(trees, leaf, (best, share), design, desk)


@kernel
def hoeffding_bound(leaves: Leaves, leaf: int, design: Design) -> float:
    """`bound_of`, for Python to call."""
    return bound_of(leaves, leaf, design)
