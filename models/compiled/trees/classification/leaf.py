"""What a leaf of a classification tree says, and how it learns: river's formulas over arrays."""

from __future__ import annotations

import math

from models.compiled.squares import squared
from models.compiled.sums import added, compensated, summed
from models.compiled.trees.classification.state import (
    ADAPTIVE,
    BAYES,
    HALF_LOG_TAU,
    HIGH,
    IS_HIGH_WHOLE,
    IS_LOW_WHOLE,
    IS_MET,
    LOG_SCALE,
    LOW,
    MEAN,
    SCALE,
    SQUARES,
    WEIGHT,
    Design,
    Desk,
    Leaves,
    Trees,
)
from models.compiled.trees.leaves import observes
from models.compiled.trees.state import Tallies
from models.compiled.trees.tallying import entry_of, tally
from schemas.kernel import Floats, exp, log, shared


@shared
def _weigh(leaves: Leaves, leaf: int) -> None:
    """Add the weights of all classes anew, as river does."""
    total, losses = 0.0, 0.0
    for place in range(leaves.class_counts[leaf]):
        total, losses = added(total, losses, leaves.weights[leaf, leaves.class_order[leaf, place]])
    leaves.totals[leaf] = compensated(total, losses)


@shared
def first_largest(votes: Floats, count: int) -> int:
    """The place of the largest, as Python's `max` finds it."""
    best = 0
    for place in range(1, count):
        if votes[place] > votes[best]:
            best = place
    return best


@shared
def vote_by_majority(leaves: Leaves, leaf: int, votes: Floats) -> int:
    """The share of each class, in the leaf's order; how many there are."""
    count = leaves.class_counts[leaf]
    total = leaves.totals[leaf]
    factor = 1.0 / total if total != 0.0 else 1.0
    for place in range(count):
        votes[place] = leaves.weights[leaf, leaves.class_order[leaf, place]] * factor
    return int(count)


@shared
def meet(leaves: Leaves, leaf: int, feature: int, label: int) -> None:
    """Give a class its place in the dictionary that river keeps of a feature."""
    if leaves.moments[leaf, feature, label, IS_MET] == 0.0:
        leaves.moments[leaf, feature, label, IS_MET] = 1.0
        leaves.met_order[leaf, feature, leaves.met_counts[leaf, feature]] = label
        leaves.met_counts[leaf, feature] += 1


@shared
def _log_likelihood(trees: Trees, leaf: int, feature: int, label: int, desk: Desk) -> float:
    """What the value of a feature adds to the vote for a class."""
    moments, x = trees.leaves.moments[leaf, feature, label], desk.values[feature]
    if not desk.is_nominal[feature]:
        if moments[SCALE] == 0.0:
            return 0.0
        likelihood = squared(x - moments[MEAN]) / moments[SCALE] - HALF_LOG_TAU - moments[LOG_SCALE]
        return float(likelihood) if likelihood > -math.inf else 0.0
    meet(trees.leaves, leaf, feature, label)  # river's dictionary has the class once it has been asked for it
    entry = entry_of(trees.tallies, leaf, int(x))
    if entry < 0 or trees.tallies.weights[entry, label] == 0.0:
        return 0.0
    return log(trees.tallies.weights[entry, label] / moments[WEIGHT])


@shared
def vote_by_bayes(trees: Trees, leaf: int, stamp: int, desk: Desk) -> int:
    """The probability of each class by naive Bayes, in the leaf's order; how many there are, 0 for none."""
    leaves, votes = trees.leaves, desk.votes
    count, total = leaves.class_counts[leaf], leaves.totals[leaf]
    if count == 0 or total == 0.0:
        return 0
    for place in range(count):
        label = leaves.class_order[leaf, place]
        weight = leaves.weights[leaf, label]
        vote = 0.0
        if weight > 0.0:
            vote = log(weight / total)
            for nth in range(leaves.feature_counts[leaf]):
                feature = leaves.feature_order[leaf, nth]
                if desk.stamps[feature] == stamp:
                    vote += _log_likelihood(trees, leaf, feature, label, desk)
        votes[place] = vote
    largest = votes[first_largest(votes, count)]
    for place in range(count):
        desk.lefts[place] = exp(votes[place] - largest)
    scale = largest + log(summed(desk.lefts, count))
    for place in range(count):
        votes[place] = exp(votes[place] - scale)
    return int(count)


@shared
def goes_by_bayes(leaves: Leaves, leaf: int, design: Design) -> bool:
    """Whether a leaf says what naive Bayes says, and not the shares of its classes."""
    if not leaves.active[leaf]:
        return False
    if design.prediction == BAYES:
        return bool(leaves.totals[leaf] >= design.bayes_threshold)
    return design.prediction == ADAPTIVE and leaves.right_by_bayes[leaf] >= leaves.right_by_majority[leaf]


@shared
def judge(trees: Trees, leaf: int, label: int, stamp: int, voted: int, desk: Desk) -> None:
    """Note who would have been right about a record. `voted` says how many votes of naive Bayes there are, -1 if it was
    not asked."""
    leaves, votes = trees.leaves, desk.votes
    count = vote_by_bayes(trees, leaf, stamp, desk) if voted < 0 else voted
    if count > 0 and leaves.class_order[leaf, first_largest(votes, count)] == label:
        leaves.right_by_bayes[leaf] += 1.0
    count = vote_by_majority(leaves, leaf, votes)
    if count == 0 or leaves.class_order[leaf, first_largest(votes, count)] == label:
        leaves.right_by_majority[leaf] += 1.0


@shared
def _observe(
    leaves: Leaves, leaf: int, feature: int, label: int, number: tuple[float, float], needs_scale: bool
) -> None:
    """Welford's algorithm, as river has it, and the range."""
    moments = leaves.moments[leaf, feature, label]
    x, is_whole = number
    meet(leaves, leaf, feature, label)
    is_first = moments[WEIGHT] == 0.0
    if is_first or x < moments[LOW]:
        moments[LOW], moments[IS_LOW_WHOLE] = x, is_whole
    if is_first or x > moments[HIGH]:
        moments[HIGH], moments[IS_HIGH_WHOLE] = x, is_whole
    before = moments[MEAN]
    moments[WEIGHT] += 1.0
    moments[MEAN] += (1.0 / moments[WEIGHT]) * (x - before)
    moments[SQUARES] += (x - before) * (x - moments[MEAN])
    if needs_scale and moments[WEIGHT] > 1.0:
        variance = moments[SQUARES] / (moments[WEIGHT] - 1.0)
        moments[SCALE] = -2.0 * variance
        moments[LOG_SCALE] = 0.5 * log(variance) if variance > 0.0 else 0.0


@shared
def _count(leaves: Leaves, tallies: Tallies, leaf: int, feature: int, label: int, word: int) -> None:
    meet(leaves, leaf, feature, label)
    leaves.moments[leaf, feature, label, WEIGHT] += 1.0
    tally(tallies, leaf, feature, word, label)


@shared
def learn_class(leaves: Leaves, leaf: int, label: int) -> None:
    """Count a record of a class."""
    if not leaves.is_known[leaf, label]:
        leaves.is_known[leaf, label] = True
        leaves.class_order[leaf, leaves.class_counts[leaf]] = label
        leaves.class_counts[leaf] += 1
    leaves.weights[leaf, label] += 1.0
    _weigh(leaves, leaf)


@shared
def learn_feature(trees: Trees, leaf: int, cell: tuple[int, bool], label: int, desk: Desk, needs_scale: bool) -> None:
    """Have a leaf observe the value of a feature, whole or not; naive Bayes needs the scale of numbers."""
    leaves, (feature, is_whole) = trees.leaves, cell
    if not observes(leaves, leaf, feature):
        return
    if desk.is_nominal[feature]:
        _count(leaves, trees.tallies, leaf, feature, label, int(desk.values[feature]))
    else:
        _observe(leaves, leaf, feature, label, (desk.values[feature], 1.0 if is_whole else 0.0), needs_scale)
