"""What a leaf of a regression tree says, and how it learns: river's formulas over arrays."""

from __future__ import annotations

import math

from models.compiled.descent import LARGEST_ROOT, learn_record, raw
from models.compiled.rows import Cells, Lesson
from models.compiled.squares import squared
from models.compiled.trees.leaves import observes
from models.compiled.trees.regression.rounding import rounded
from models.compiled.trees.regression.search import insert
from models.compiled.trees.regression.state import ADAPTIVE, COUNT, MEAN, MEAN_ONLY, Design, Desk, Trees
from models.compiled.trees.regression.variance import update
from models.compiled.trees.tallying import entry_for
from schemas.kernel import shared


@shared
def _said_by_model(trees: Trees, leaf: int, cells: Cells, record: int) -> float:
    models = trees.models
    return raw(cells, record, models.weights[leaf], models.known[leaf], models.intercepts[leaf])


@shared
def predicted(trees: Trees, leaf: int, cells: Cells, record: int, design: Design) -> float:
    """What a leaf says about a record."""
    leaves = trees.leaves
    if design.prediction == MEAN_ONLY:
        return float(leaves.labels[leaf, MEAN])
    if design.prediction == ADAPTIVE and leaves.errors_of_mean[leaf] < leaves.errors_of_model[leaf]:
        return float(leaves.labels[leaf, MEAN])
    return _said_by_model(trees, leaf, cells, record)


@shared
def _can_square(x: float) -> bool:
    """Whether Python can."""
    return not LARGEST_ROOT < abs(x) < math.inf


@shared
def _judge(trees: Trees, leaf: int, cells: Cells, record: int, y: float, decay: float) -> bool:
    """Note how far off the mean and the model would have been, if Python can."""
    leaves = trees.leaves
    by_mean, by_model = y - leaves.labels[leaf, MEAN], y - _said_by_model(trees, leaf, cells, record)
    if not (_can_square(by_mean) and _can_square(by_model)):
        return False
    leaves.errors_of_mean[leaf] = decay * leaves.errors_of_mean[leaf] + squared(by_mean)
    leaves.errors_of_model[leaf] = decay * leaves.errors_of_model[leaf] + squared(by_model)
    return True


@shared
def _learn_feature(trees: Trees, leaf: int, feature: int, y: float, design: Design, desk: Desk) -> None:
    leaves, x = trees.leaves, desk.values[feature]
    if not observes(leaves, leaf, feature):
        return
    if desk.is_nominal[feature]:
        entry = entry_for(trees.tallies, leaf, feature, int(x))
        update(trees.tallies.weights[entry], y)
        return
    if design.digits != 0.0:
        x = rounded(x, design.digits)
    leaves.searches[leaf, feature] = insert(trees.search, leaves.searches[leaf, feature], x, y)


@shared
def learn_leaf(
    trees: Trees, leaf: int, lessons: tuple[Lesson, Lesson], record: int, design: Design, desk: Desk
) -> bool:
    """Learn a record; whether river would have come through.

    `lessons` are the records as the tree takes them, and as the models take them: with numbers where the tree has the
    numbers of words.
    """
    worded, plain = lessons
    leaves, y = trees.leaves, worded.y[record]
    if design.prediction == ADAPTIVE and not _judge(trees, leaf, plain.after, record, y, design.decay):
        return False
    update(leaves.labels[leaf], y)
    leaves.totals[leaf] = leaves.labels[leaf, COUNT]
    if leaves.active[leaf]:
        after = worded.after
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            _learn_feature(trees, leaf, after.ids[cell], y, design, desk)
    if design.prediction == MEAN_ONLY:
        return True
    return learn_record(plain.after, record, y, trees.models, leaf, design.model)
