"""Regression trees over the records of a frame: predict each, then learn it."""

from __future__ import annotations

from models.compiled.rows import Lesson
from models.compiled.trees.leaves import is_due, suggestions, two_best
from models.compiled.trees.regression.leaf import learn_leaf, predicted
from models.compiled.trees.regression.search import has_room as has_room_for_numbers
from models.compiled.trees.regression.splits import bound_of, decided, suggest, tidied
from models.compiled.trees.regression.state import Design, Desk, Trees
from models.compiled.trees.state import (
    ASK,
    AT,
    ATTEMPT,
    BEST,
    DECISION,
    DONE,
    EVENT,
    FAILED,
    IS_SAME,
    KEEP,
    LEAF,
    NEW_WORD,
    NO_ROOM,
    NODE,
    PERIOD,
)
from models.compiled.trees.tallying import has_room
from models.compiled.trees.walk import find, lay_out, stop, straight, to_leaf
from schemas.kernel import Floats, kernel, shared


@shared
def _attempt(trees: Trees, leaf: int, design: Design, desk: Desk) -> tuple[int, int]:
    """What becomes of a leaf that has seen enough for an attempt to split it."""
    if not suggest(trees, leaf, design, desk) or design.drops_poor:
        return ASK, 0
    decision, place = decided(trees, leaf, design, desk)
    count = suggestions(trees.leaves, leaf, design)
    if decision == KEEP and count > 1:
        best, second = two_best(desk, count)
        merit = desk.merits[best]
        if merit > 0.0 and second > 0.0:
            bound = bound_of(trees.leaves, leaf, design)
            tidied(trees, leaf, (merit, second / merit - 2.0 * bound), design, desk)
    return decision, place


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
def _predict(
    lessons: tuple[Lesson, Lesson], record: int, trees: Trees, design: Design, desk: Desk
) -> tuple[int, float]:
    """How far the way of a record is known, to a leaf or a branch, and what the tree says about it."""
    lesson, plain = lessons
    copy, stamp = lesson.copies[record], 2 * record + 1
    lay_out(lesson.before, record, stamp, desk)
    node = straight(trees, trees.roots.nodes[copy], stamp, desk)
    if trees.roots.seen[copy] == 0.0:
        return node, 0.0
    leaf = trees.nodes.leaves[to_leaf(trees, node, stamp, desk)]
    return node, predicted(trees, leaf, plain.before, record, design)


@kernel
def learn(lesson: Lesson, plain: Lesson, trees: Trees, design: Design, desk: Desk, said: Floats) -> None:
    """Go on from where `desk.turn` says until there is something that Python has to do, and say what.

    `plain` are the same records, but with numbers where `lesson` has the numbers of words. After `NEW_WORD` it goes on
    with the same record, in the leaf that was made for it.
    """
    after, roots = lesson.after, trees.roots
    has_leaf = desk.turn[EVENT] == NEW_WORD
    for record in range(desk.turn[AT], len(lesson.learns)):
        copy, stamp = lesson.copies[record], 2 * record + 1
        node = -1
        if not has_leaf:
            cells = after.bounds[record + 1] - after.bounds[record]
            if not (has_room(trees.tallies, cells) and has_room_for_numbers(trees.search, cells)):
                stop(desk, record, NO_ROOM, -1)
                return
            node, said[record] = _predict((lesson, plain), record, trees, design, desk)
        if not lesson.learns[record]:
            continue
        if has_leaf or desk.turn[IS_SAME] == 0:
            stamp += 1
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
        if roots.seen[copy] == 0.0:
            roots.active[copy] = 1
        roots.seen[copy] += 1.0
        if not learn_leaf(trees, trees.nodes.leaves[node], (lesson, plain), record, design, desk):
            stop(desk, record, FAILED, node)
            return
        if is_straight and _grow(trees, node, copy, design, desk):
            stop(desk, record, ATTEMPT, node)
            return
        if roots.seen[copy] % design.estimate_period == 0.0:
            stop(desk, record, PERIOD, node)
            return
    stop(desk, len(lesson.learns), DONE, -1)
