"""Classification trees over the records of a frame: predict each, then learn it."""

from __future__ import annotations

from typing import NamedTuple

from models.compiled.rows import Lesson
from models.compiled.trees.classification.leaf import (
    goes_by_bayes,
    judge,
    learn_class,
    learn_feature,
    vote_by_bayes,
    vote_by_majority,
)
from models.compiled.trees.classification.splits import decided, is_dominated, is_pure, suggest
from models.compiled.trees.classification.state import ADAPTIVE, MAJORITY, Design, Desk, Trees
from models.compiled.trees.leaves import is_due
from models.compiled.trees.state import (
    ASK,
    AT,
    ATTEMPT,
    BEST,
    DECISION,
    DONE,
    EVENT,
    IS_SAME,
    KEEP,
    LEAF,
    NEW_WORD,
    NO_ROOM,
    NODE,
    PERIOD,
    PRUNE,
)
from models.compiled.trees.tallying import has_room
from models.compiled.trees.walk import find, lay_out, stop, straight, to_leaf
from schemas.kernel import CodeGrid, Codes, FloatGrid, kernel, shared


class Said(NamedTuple):
    """The probabilities of each record, by place; `order` has the place of each class among all, -1 behind the last.

    `ranked` are the classes as Python sorts them, and `places` where they are in a record's probabilities.
    """

    probabilities: FloatGrid
    order: CodeGrid
    ranked: Codes
    places: Codes


@shared
def _place_classes(trees: Trees, copy: int, record: int, said: Said) -> None:
    """Each class that the copy has seen has a place, in their order."""
    place = 0
    for rank in range(len(said.ranked)):
        label = said.ranked[rank]
        if trees.roots.is_known[copy, label]:
            said.order[record, place] = rank
            said.places[label] = place
            place += 1


@shared
def _answer(trees: Trees, leaf: int, record: int, voted: int, desk: Desk, said: Said) -> None:
    """Say what the votes are."""
    for nth in range(voted):
        place = said.places[trees.leaves.class_order[leaf, nth]]
        said.probabilities[record, place] = desk.votes[nth]


@shared
def _learn_leaf(
    trees: Trees, leaf: int, label: int, lesson: tuple[Lesson, int, int, int], design: Design, desk: Desk
) -> None:
    given, record, stamp, voted = lesson
    leaves = trees.leaves
    if design.prediction == ADAPTIVE and leaves.active[leaf]:
        judge(trees, leaf, label, stamp, voted, desk)
    learn_class(leaves, leaf, label)
    if leaves.active[leaf]:
        after = given.after
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            number = after.ids[cell], after.whole[cell]
            learn_feature(trees, leaf, number, label, desk, design.prediction != MAJORITY)


@shared
def _attempt(trees: Trees, leaf: int, design: Design, desk: Desk) -> tuple[int, int]:
    """What becomes of a leaf that has seen enough for an attempt to split it."""
    if is_pure(trees.leaves, leaf):
        return KEEP, 0
    if is_dominated(trees.leaves, leaf, design):
        return PRUNE, 0
    if not suggest(trees, leaf, design, desk) or design.drops_poor:
        return ASK, 0
    return decided(trees, leaf, design, desk)


@shared
def _grow(trees: Trees, node: int, copy: int, design: Design, desk: Desk) -> bool:
    """Whether the leaf is to be pruned or split, or river to be asked."""
    if not is_due(trees, node, copy, design):
        return False
    leaves, leaf = trees.leaves, trees.nodes.leaves[node]
    desk.turn[DECISION], desk.turn[BEST] = _attempt(trees, leaf, design, desk)
    leaves.attempted[leaf] = leaves.totals[leaf]
    return bool(desk.turn[DECISION] != KEEP)


@shared
def _count(trees: Trees, copy: int, label: int) -> None:
    roots = trees.roots
    roots.is_known[copy, label] = True
    if roots.seen[copy] == 0.0:
        roots.active[copy] = 1
    roots.seen[copy] += 1.0


@shared
def _predict(lesson: Lesson, record: int, trees: Trees, design: Design, desk: Desk, said: Said) -> tuple[int, int]:
    """Say what the tree says about a record.

    How far its way is known, to a leaf or a branch, and how many votes of naive Bayes there are, -1 for not asked.
    """
    copy, stamp = lesson.copies[record], 2 * record + 1
    lay_out(lesson.before, record, stamp, desk)
    node = straight(trees, trees.roots.nodes[copy], stamp, desk)
    leaf = trees.nodes.leaves[to_leaf(trees, node, stamp, desk)]
    _place_classes(trees, copy, record, said)
    if not goes_by_bayes(trees.leaves, leaf, design):
        _answer(trees, leaf, record, vote_by_majority(trees.leaves, leaf, desk.votes), desk, said)
        return node, -1
    voted = vote_by_bayes(trees, leaf, stamp, desk)
    _answer(trees, leaf, record, voted, desk, said)
    return node, voted if trees.nodes.kinds[node] == LEAF else -1


@kernel
def learn(lesson: Lesson, trees: Trees, design: Design, desk: Desk, said: Said) -> None:
    """Go on from where `desk.turn` says until there is something that Python has to do, and say what.

    After `NEW_WORD` it goes on with the same record, in the leaf that was made for it.
    """
    after, roots = lesson.after, trees.roots
    has_leaf = desk.turn[EVENT] == NEW_WORD
    for record in range(desk.turn[AT], len(lesson.learns)):
        copy, stamp = lesson.copies[record], 2 * record + 1
        node, voted = -1, -1
        if not has_leaf:
            if not has_room(trees.tallies, after.bounds[record + 1] - after.bounds[record]):
                stop(desk, record, NO_ROOM, -1)
                return
            node, voted = _predict(lesson, record, trees, design, desk, said)
        if not lesson.learns[record]:
            continue
        if has_leaf or desk.turn[IS_SAME] == 0:
            stamp, voted = stamp + 1, -1
            lay_out(after, record, stamp, desk)
            node = straight(trees, roots.nodes[copy], stamp, desk)
        is_straight = trees.nodes.kinds[node] == LEAF
        if has_leaf:
            node, has_leaf, is_straight = desk.turn[NODE], False, False
        elif not is_straight:
            node = find(trees, node, stamp, desk)
            if trees.nodes.kinds[node] != LEAF:
                stop(desk, record, NEW_WORD, node)
                return
        _count(trees, copy, int(lesson.y[record]))
        _learn_leaf(
            trees, trees.nodes.leaves[node], int(lesson.y[record]), (lesson, record, stamp, voted), design, desk
        )
        if is_straight and _grow(trees, node, copy, design, desk):
            stop(desk, record, ATTEMPT, node)
            return
        if roots.seen[copy] % design.estimate_period == 0.0:
            stop(desk, record, PERIOD, node)
            return
    stop(desk, len(lesson.learns), DONE, -1)
