"""Room for trees: nodes and leaves are made, cleared and used again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from models.compiled.arrays import grown
from models.compiled.trees.state import LEAF, NOTHING, SOMETHING, no_trees
from models.compiled.trees.tallying import fitted, forget

_MOMENTS = 8
_Shapes = dict[str, tuple[int, ...]]


class Forest:
    """The trees of all copies.

    `branch_weights` are, by node, the classes and their weights that a leaf had when it became a branch: river keeps
    them to draw a tree.
    """

    def __init__(self) -> None:
        self.trees = no_trees()
        self.branch_weights: dict[int, dict[int, float]] = {}
        self._spare_nodes: list[int] = []
        self._spare_leaves: list[int] = []
        self._features = self._classes = 0

    def make_room(self, copies: int, features: int, classes: int) -> None:
        """Have room for so many; a new copy is a leaf that has seen nothing."""
        self._features, self._classes = max(self._features, features), max(self._classes, classes)
        roots = self.trees.roots
        first = len(roots.nodes)
        shapes: _Shapes = {"is_known": (copies, self._classes), "sizes": (copies, 3)}
        self._put(roots=_with_room(roots, (copies,), shapes, {"nodes": -1, "is_growing": True, "seen": 0.0}))
        self.trees.roots.sizes[first:, 2] = 1.0
        if not len(self.trees.tallies.used) or self.trees.tallies.weights.shape[1] < self._classes:
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
        *_, last = (-1, *self.children(parent)) if parent >= 0 else (-1,)
        if last >= 0:
            nodes.nexts[last] = node
        elif parent >= 0:
            nodes.firsts[parent] = node
        return node

    def make_branch(self, node: int, kind: int, feature: int, bound: float, weights: dict[int, float]) -> None:
        """Make a branch of a leaf; it has no children yet."""
        nodes = self.trees.nodes
        self.branch_weights[node] = weights
        self._clear(int(nodes.leaves[node]))
        nodes.kinds[node], nodes.features[node], nodes.bounds[node], nodes.leaves[node] = kind, feature, bound, -1

    def children(self, node: int) -> Iterator[int]:
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

    def set_classes(self, leaf: int, weights: dict[int, float]) -> None:
        """Give a leaf that has seen nothing the weights of classes, in their order."""
        leaves, numbers = self.trees.leaves, list(weights)
        leaves.class_counts[leaf] = len(numbers)
        leaves.class_order[leaf, : len(numbers)] = numbers
        leaves.is_known[leaf, numbers] = True
        leaves.weights[leaf, numbers] = list(weights.values())

    def classes(self, leaf: int) -> dict[int, float]:
        """The weights of classes, in river's order."""
        leaves = self.trees.leaves
        numbers = leaves.class_order[leaf, : leaves.class_counts[leaf]]
        return dict(zip(numbers.tolist(), leaves.weights[leaf, numbers].tolist(), strict=True))

    def features(self, leaf: int) -> list[int]:
        """The features that a leaf observes, in river's order."""
        leaves = self.trees.leaves
        numbers: list[int] = leaves.feature_order[leaf, : leaves.feature_counts[leaf]].tolist()
        return numbers

    def disable(self, leaf: int, feature: int, kind: int) -> None:
        """Have a leaf no longer observe a feature."""
        leaves = self.trees.leaves
        left = [each for each in self.features(leaf) if each != feature]
        leaves.feature_counts[leaf] = len(left)
        leaves.feature_order[leaf, : len(left)] = left
        leaves.observed[leaf, feature] = kind
        leaves.moments[leaf, feature] = leaves.met_counts[leaf, feature] = 0
        forget(self.trees.tallies, leaf, feature)

    def forget_features(self, leaf: int) -> None:
        """Have a leaf observe anew, but for what it is not to observe."""
        leaves = self.trees.leaves
        leaves.feature_counts[leaf] = 0
        leaves.observed[leaf][leaves.observed[leaf] == SOMETHING] = NOTHING
        leaves.moments[leaf] = leaves.met_counts[leaf] = 0
        forget(self.trees.tallies, leaf)

    def make_room_for_words(self, more: int) -> None:
        """Have room for so many words more that leaves have not met."""
        self._put(tallies=fitted(self.trees.tallies, more, self._classes))

    def _fell(self, node: int) -> None:
        nodes = self.trees.nodes
        for child in list(self.children(node)):
            self._fell(child)
        if nodes.kinds[node] == LEAF:
            self._clear(int(nodes.leaves[node]))
        self.branch_weights.pop(node, None)
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
        shapes = _leaf_shapes(needs, self._features, self._classes)
        self._put(leaves=_with_room(leaves, (needs,), shapes, {"copies": -1}))
        self._spare_leaves[:0] = range(len(self.trees.leaves.nodes) - 1, len(leaves.nodes) - 1, -1)

    def _put(self, **changed: Any) -> None:
        self.trees = self.trees._replace(**changed)


def _leaf_shapes(leaves: int, features: int, classes: int) -> _Shapes:
    by_class = dict.fromkeys(("class_order", "weights", "is_known"), (leaves, classes))
    by_feature = dict.fromkeys(("feature_order", "observed", "met_counts"), (leaves, features))
    return {
        **by_class,
        **by_feature,
        "met_order": (leaves, features, classes),
        "moments": (leaves, features, classes, _MOMENTS),
    }


def _with_room(state: Any, shape: tuple[int, ...], shapes: _Shapes, begin: dict[str, float]) -> Any:
    """A named tuple of arrays of at least these shapes, `shape` where `shapes` has none."""
    arrays = state._asdict().items()
    return state._make(grown(array, shapes.get(name, shape), begin.get(name, 0)) for name, array in arrays)
