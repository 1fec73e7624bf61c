"""The way of a record through a tree."""

from __future__ import annotations

from models.compiled.rows import Cells
from models.compiled.trees.leaf import weight_of
from models.compiled.trees.state import AT_MOST, EQUAL, LEAF, Desk, Trees
from models.compiled.trees.sums import added
from schemas.kernel import shared


@shared
def lay_out(cells: Cells, record: int, stamp: int, desk: Desk) -> None:
    """Have the values of a record by feature."""
    for cell in range(cells.bounds[record], cells.bounds[record + 1]):
        feature = cells.ids[cell]
        desk.values[feature] = cells.values[cell]
        desk.stamps[feature] = stamp


@shared
def _child(trees: Trees, node: int, stamp: int, desk: Desk) -> int:
    """Where a branch leads the record, -1 where it does not know."""
    nodes = trees.nodes
    feature = nodes.features[node]
    if desk.stamps[feature] != stamp:
        return -1
    x, child = desk.values[feature], nodes.firsts[node]
    if nodes.kinds[node] == AT_MOST:
        return int(child if x <= nodes.bounds[node] else nodes.nexts[child])
    if nodes.kinds[node] == EQUAL:
        return int(child if x == nodes.bounds[node] else nodes.nexts[child])
    while child >= 0 and nodes.words[child] != x:
        child = nodes.nexts[child]
    return int(child)


@shared
def weight_below(trees: Trees, top: int, desk: Desk) -> float:
    """The weight of all leaves below a node, added branch by branch; `desk.sums` have twice the room of its depth."""
    nodes, sums = trees.nodes, desk.sums
    half = len(sums) // 2
    depth, node = 0, top
    while True:
        while nodes.kinds[node] != LEAF:
            depth += 1
            sums[depth] = sums[half + depth] = 0.0
            node = nodes.firsts[node]
        weight = weight_of(trees.leaves, nodes.leaves[node])
        while node != top:
            sums[depth], sums[half + depth] = added(sums[depth], sums[half + depth], weight)
            if nodes.nexts[node] >= 0:
                break
            weight = sums[depth] + sums[half + depth]
            depth -= 1
            node = nodes.parents[node]
        if node == top:
            return float(weight)
        node = nodes.nexts[node]


@shared
def most_common(trees: Trees, node: int, desk: Desk) -> int:
    """The child that has seen most, the first one of equals."""
    best = trees.nodes.firsts[node]
    largest = weight_below(trees, best, desk)
    child = trees.nodes.nexts[best]
    while child >= 0:
        weight = weight_below(trees, child, desk)
        if weight > largest:
            best, largest = child, weight
        child = trees.nodes.nexts[child]
    return int(best)


@shared
def straight(trees: Trees, node: int, stamp: int, desk: Desk) -> int:
    """The leaf for the record, or the branch that does not know where it leads."""
    while trees.nodes.kinds[node] != LEAF:
        child = _child(trees, node, stamp, desk)
        if child < 0:
            break
        node = child
    return node


@shared
def to_leaf(trees: Trees, node: int, stamp: int, desk: Desk) -> int:
    """The leaf for the record; a branch that does not know leads where most have gone."""
    node = straight(trees, node, stamp, desk)
    while trees.nodes.kinds[node] != LEAF:
        node = straight(trees, most_common(trees, node, desk), stamp, desk)
    return node
