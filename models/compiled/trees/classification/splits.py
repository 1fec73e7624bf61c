"""Whether a leaf is split, and where: river's formulas over arrays."""

from __future__ import annotations

import math

from models.compiled.sums import summed
from models.compiled.trees.classification.state import HIGH, LOW, MEAN, SQUARES, WEIGHT, Design, Desk, Leaves, Trees
from models.compiled.trees.leaves import suggestions, two_best
from models.compiled.trees.state import KEEP, PRUNE, SPLIT
from schemas.kernel import Floats, erf, kernel, log2, power, shared

_ROOT_2 = math.sqrt(2.0)


@shared
def _entropy(weights: Floats, count: int) -> float:
    entropy, total = 0.0, 0.0
    for place in range(count):
        weight = weights[place]
        if weight > 0.0:
            entropy -= weight * log2(weight)
            total += weight
    return float((entropy + total * log2(total)) / total) if total > 0.0 else 0.0


@shared
def _gini(weights: Floats, count: int, total: float) -> float:
    gini = 1.0
    if total != 0.0:
        for place in range(count):
            share = weights[place] / total
            gini -= share * share
    return gini


@shared
def _merit(before: float, lefts: Floats, rights: Floats, count: int, design: Design) -> float:
    """The merit of a split in two; `before` is the entropy of what is split."""
    left, right = summed(lefts, count), summed(rights, count)
    total = left + right
    least = design.min_branch_fraction
    if not (total > 0.0 and left / total > least and right / total > least):
        return -math.inf
    if design.is_gini:
        return 1.0 - (left / total * _gini(lefts, count, left) + right / total * _gini(rights, count, right))
    return before - (left * _entropy(lefts, count) + right * _entropy(rights, count)) / total


@shared
def _divide(leaves: Leaves, leaf: int, feature: int, point: float, desk: Desk) -> None:
    """How much of each class is below a point, and how much is not, if each is distributed normally."""
    for place in range(leaves.met_counts[leaf, feature]):
        moments = leaves.moments[leaf, feature, leaves.met_order[leaf, feature, place]]
        weight = moments[WEIGHT]
        left, right = 0.0, 0.0
        if point < moments[LOW]:
            right = weight
        elif point >= moments[HIGH]:
            left = weight
        else:
            deviation = power(moments[SQUARES] / (weight - 1.0), 0.5) if weight > 1.0 else 0.0
            if deviation != 0.0:
                left = 0.5 * (1.0 + erf((point - moments[MEAN]) / deviation / _ROOT_2)) * weight
            right = weight - left
        desk.lefts[place], desk.rights[place] = left, right


@shared
def _suggest_point(
    leaves: Leaves, leaf: int, feature: int, before: float, design: Design, desk: Desk
) -> tuple[float, float]:
    """The best of the points that divide the range of a feature evenly: its merit, -inf for none, and the point."""
    low, high = math.inf, -math.inf
    count = leaves.met_counts[leaf, feature]
    for place in range(count):
        moments = leaves.moments[leaf, feature, leaves.met_order[leaf, feature, place]]
        low, high = min(low, moments[LOW]), max(high, moments[HIGH])
    best, at = -math.inf, 0.0
    width = (high - low) / (design.split_points + 1.0)
    for nth in range(design.split_points):
        point = low + width * (nth + 1)
        if low < point < high:
            _divide(leaves, leaf, feature, point, desk)
            merit = _merit(before, desk.lefts, desk.rights, count, design)
            if merit > best:
                best, at = merit, point
    return best, at


@shared
def suggest(trees: Trees, leaf: int, design: Design, desk: Desk) -> bool:
    """Put the merits of splitting by each feature in their places; whether all features are numeric."""
    leaves = trees.leaves
    count = leaves.class_counts[leaf]
    for place in range(count):
        desk.votes[place] = leaves.weights[leaf, leaves.class_order[leaf, place]]
    before = _entropy(desk.votes, count)
    is_numeric, at = True, 0
    if design.prunes:
        desk.merits[0], desk.is_split[0] = -math.inf, False
        at = 1
    for nth in range(leaves.feature_counts[leaf]):
        feature = leaves.feature_order[leaf, nth]
        if desk.is_nominal[feature]:
            is_numeric = False
        else:
            desk.merits[at], desk.points[at] = _suggest_point(leaves, leaf, feature, before, design, desk)
            desk.is_split[at] = desk.merits[at] > -math.inf
        at += 1
    return is_numeric


@shared
def bound_of(leaves: Leaves, leaf: int, design: Design) -> float:
    """The Hoeffding bound."""
    reach = 1.0 if design.is_gini else log2(max(leaves.class_counts[leaf], 2) * 1.0)
    return math.sqrt(reach * reach * design.log_confidence / (2.0 * leaves.totals[leaf]))


@shared
def decided(trees: Trees, leaf: int, design: Design, desk: Desk) -> tuple[int, int]:
    """What the merits mean for a leaf, and the place of the best one."""
    count = suggestions(trees.leaves, leaf, design)
    if count == 0:
        return KEEP, 0
    best, second = two_best(desk, count)
    bound = bound_of(trees.leaves, leaf, design)
    if count > 1 and not (desk.merits[best] - second > bound or bound < design.tau):
        return KEEP, best
    return SPLIT if desk.is_split[best] else PRUNE, best


@kernel
def decide(trees: Trees, leaf: int, design: Design, desk: Desk) -> tuple[int, int]:
    """`decided`, for Python to call."""
    return decided(trees, leaf, design, desk)


@kernel
def hoeffding_bound(leaves: Leaves, leaf: int, design: Design) -> float:
    """`bound_of`, for Python to call."""
    return bound_of(leaves, leaf, design)


@shared
def is_pure(leaves: Leaves, leaf: int) -> bool:
    """Whether a leaf has seen fewer than two classes."""
    count = 0
    for place in range(leaves.class_counts[leaf]):
        if leaves.weights[leaf, leaves.class_order[leaf, place]] != 0.0:
            count += 1
    return count < 2


@shared
def is_dominated(leaves: Leaves, leaf: int, design: Design) -> bool:
    """Whether one class has too large a share for a split."""
    largest = 0.0
    for place in range(leaves.class_counts[leaf]):
        largest = max(largest, leaves.weights[leaf, leaves.class_order[leaf, place]])
    return largest != 0.0 and largest / leaves.totals[leaf] > design.max_share
