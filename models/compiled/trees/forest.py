"""Room for trees: nodes and leaves are made, cleared and used again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from models.compiled.arrays import grown
from models.compiled.trees.state import DISABLED, LEAF, NOTHING, SOMETHING
from models.compiled.trees.tallying import fitted, forget

Shapes = dict[str, tuple[int, ...]]


class Forest(ABC):
    """The trees of all copies, whatever their leaves keep of the labels.

    `branch_stats` are, by node, what a leaf had of the labels when it became a branch: river keeps it to draw a tree.
    """

    trees: Any

    def __init__(self) -> None:
        self.branch_stats: dict[int, Any] = {}
        self._lasts: dict[int, int] = {}  # the last child, by node
        self._spare_nodes: list[int] = []
        self._spare_leaves: list[int] = []
        self._features = self._classes = 0

    @property
    @abstractmethod
    def tallied(self) -> int:
        """How many numbers are kept of a word in a leaf."""

    @abstractmethod
    def leaf_shapes(self, leaves: int) -> Shapes:
        """The shapes of the arrays that have more than one dimension, for so many leaves."""

    @abstractmethod
    def forget_feature(self, leaf: int, feature: int) -> None:
        """Forget what numbers a leaf has seen of a feature."""

    @abstractmethod
    def forget_numbers(self, leaf: int) -> None:
        """Forget what numbers a leaf has seen of all features."""

    @abstractmethod
    def heritage(self, leaf: int) -> Any:
        """What those get from a leaf that are made of it, beside their share of the labels."""

    @abstractmethod
    def inherit(self, leaf: int, heritage: Any) -> None:
        """Give it to a leaf."""

    def make_room(self, copies: int, features: int, classes: int = 0) -> None:
        """Have room for so many; a new copy is a leaf that has seen nothing."""
        self._features, self._classes = max(self._features, features), max(self._classes, classes)
        roots = self.trees.roots
        first = len(roots.nodes)
        shapes: Shapes = {"is_known": (copies, self._classes), "sizes": (copies, 3)}
        self._put(roots=_with_room(roots, (copies,), shapes, {"nodes": -1, "is_growing": True, "seen": 0.0}))
        self.trees.roots.sizes[first:, 2] = 1.0
        if not len(self.trees.tallies.used) or self.trees.tallies.weights.shape[1] < self.tallied:
            self.make_room_for_words(0)
        new = np.flatnonzero(self.trees.roots.nodes[:copies] < 0)
        self._room_for(len(new))
        for copy in new.tolist():
            self.trees.roots.nodes[copy] = self.new_leaf(copy, -1)

    def new_leaf(self, copy: int, parent: int, word: int = -1) -> int:
        """A node that is a leaf that has seen nothing, as the last child of `parent`, if that is none of -1."""
        self._room_for(1)
        nodes, leaves = self.trees.nodes, self.trees.leaves
        node, leaf = self._spare_nodes.pop(), self._spare_leaves.pop()
        nodes.kinds[node], nodes.leaves[node], nodes.words[node], nodes.parents[node] = LEAF, leaf, word, parent
        nodes.firsts[node] = nodes.nexts[node] = nodes.features[node] = -1
        nodes.depths[node] = 0 if parent < 0 else nodes.depths[parent] + 1
        leaves.nodes[leaf], leaves.copies[leaf], leaves.active[leaf] = node, copy, True
        if parent >= 0:
            if parent in self._lasts:
                nodes.nexts[self._lasts[parent]] = node
            else:
                nodes.firsts[parent] = node
            self._lasts[parent] = node
        return node

    def make_branch(self, node: int, kind: int, feature: int, bound: float, stats: Any) -> None:
        """Make a branch of a leaf; it has no children yet."""
        nodes = self.trees.nodes
        self.branch_stats[node] = stats
        self._clear(int(nodes.leaves[node]))
        nodes.kinds[node], nodes.features[node], nodes.bounds[node], nodes.leaves[node] = kind, feature, bound, -1

    def children(self, node: int) -> Iterator[int]:
        """The nodes right below a node, from left to right."""
        child = int(self.trees.nodes.firsts[node])
        while child >= 0:
            yield child
            child = int(self.trees.nodes.nexts[child])

    def leaves_of(self, node: int) -> Iterator[int]:
        """The places of the leaves below a node, from left to right."""
        if self.trees.nodes.kinds[node] == LEAF:
            yield int(self.trees.nodes.leaves[node])
        for child in self.children(node):
            yield from self.leaves_of(child)

    def replant(self, copy: int) -> int:
        """Make the tree of a copy a leaf that has seen nothing; its node."""
        self._fell(int(self.trees.roots.nodes[copy]))
        node = self.trees.roots.nodes[copy] = self.new_leaf(copy, -1)
        return int(node)

    def features(self, leaf: int) -> list[int]:
        """The features that a leaf observes, in river's order."""
        leaves = self.trees.leaves
        numbers: list[int] = leaves.feature_order[leaf, : leaves.feature_counts[leaf]].tolist()
        return numbers

    def disable(self, leaf: int, feature: int) -> None:
        """Have a leaf no longer observe a feature."""
        leaves = self.trees.leaves
        left = [each for each in self.features(leaf) if each != feature]
        leaves.feature_counts[leaf] = len(left)
        leaves.feature_order[leaf, : len(left)] = left
        leaves.observed[leaf, feature] = DISABLED
        self.forget_feature(leaf, feature)
        forget(self.trees.tallies, leaf, feature)

    def forget_features(self, leaf: int) -> None:
        """Have a leaf observe anew, but for what it is not to observe."""
        leaves = self.trees.leaves
        leaves.feature_counts[leaf] = 0
        leaves.observed[leaf][leaves.observed[leaf] == SOMETHING] = NOTHING
        self.forget_numbers(leaf)
        forget(self.trees.tallies, leaf)

    def make_room_for_cells(self, more: int) -> None:
        """Have room for what leaves keep of so many values more."""
        self.make_room_for_words(more)

    def make_room_for_words(self, more: int) -> None:
        """Have room for so many words more that leaves have not met."""
        self._put(tallies=fitted(self.trees.tallies, more, self.tallied))

    def _fell(self, node: int) -> None:
        nodes = self.trees.nodes
        for child in list(self.children(node)):
            self._fell(child)
        if nodes.kinds[node] == LEAF:
            self._clear(int(nodes.leaves[node]))
        self.branch_stats.pop(node, None)
        self._lasts.pop(node, None)
        self._spare_nodes.append(node)

    def _clear(self, leaf: int) -> None:
        self.forget_features(leaf)
        for array in self.trees.leaves:
            array[leaf] = 0
        self.trees.leaves.copies[leaf] = -1
        self._spare_leaves.append(leaf)

    def _room_for(self, more: int) -> None:
        """Have so many nodes and leaves to give away."""
        nodes, leaves = self.trees.nodes, self.trees.leaves
        needs = len(nodes.kinds) + max(0, more - len(self._spare_nodes))
        if needs > len(nodes.kinds):
            self._put(nodes=_with_room(nodes, (needs,), {}, {}))
            self._spare_nodes[:0] = range(len(self.trees.nodes.kinds) - 1, len(nodes.kinds) - 1, -1)
        needs = len(leaves.nodes) + max(0, more - len(self._spare_leaves))
        shapes = self.leaf_shapes(needs)
        self._put(leaves=_with_room(leaves, (needs,), shapes, {"copies": -1}))
        self._spare_leaves[:0] = range(len(self.trees.leaves.nodes) - 1, len(leaves.nodes) - 1, -1)

    def _put(self, **changed: Any) -> None:
        self.trees = self.trees._replace(**changed)


def _with_room(state: Any, shape: tuple[int, ...], shapes: Shapes, begin: dict[str, float]) -> Any:
    """A named tuple of arrays of at least these shapes, `shape` where `shapes` has none."""
    arrays = state._asdict().items()
    return state._make(grown(array, shapes.get(name, shape), begin.get(name, 0)) for name, array in arrays)
