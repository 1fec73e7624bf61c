"""The way of a record through a tree."""

from __future__ import annotations

from typing import Any, Protocol

from models.compiled.rows import Cells
from models.compiled.sums import added, compensated
from models.compiled.trees.state import AT, AT_MOST, EACH, EQUAL, EVENT, LEAF, NODE, Nodes, Roots
from schemas.kernel import Floats, Places, shared


class Trees(Protocol):
    """Trees of any kind; their leaves have what all leaves have."""

    @property
    def nodes(self) -> Nodes: ...
    @property
    def leaves(self) -> Any: ...
    @property
    def roots(self) -> Roots: ...


class Desk(Protocol):
    """What kernels of any trees have to work in."""

    @property
    def values(self) -> Floats: ...
    @property
    def stamps(self) -> Places: ...
    @property
    def merits(self) -> Floats: ...
    @property
    def sums(self) -> Floats: ...
    @property
    def turn(self) -> Places: ...


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
        weight = trees.leaves.totals[nodes.leaves[node]]
        while node != top:
            sums[depth], sums[half + depth] = added(sums[depth], sums[half + depth], weight)
            if nodes.nexts[node] >= 0:
                break
            weight = compensated(sums[depth], sums[half + depth])
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


@shared
def find(trees: Trees, root: int, stamp: int, desk: Desk) -> int:
    """The leaf that learns a record that its branch does not know, or a branch that needs a child for its word."""
    node = root
    while True:
        node = straight(trees, node, stamp, desk)
        if trees.nodes.kinds[node] == LEAF:
            return node
        if trees.nodes.kinds[node] == EACH and desk.stamps[trees.nodes.features[node]] == stamp:
            return node
        node = most_common(trees, node, desk)


@shared
def stop(desk: Desk, record: int, event: int, node: int) -> None:
    """Note at which record a kernel stops, and what for."""
    desk.turn[AT], desk.turn[EVENT], desk.turn[NODE] = record, event, node
