"""River's branches from arrays, and arrays from river's branches; leaves are for those who know of what."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from river.tree.nodes.branch import DTBranch, NominalBinaryBranch, NominalMultiwayBranch, NumericBinaryBranch

from models.compiled.arrays import exact
from models.compiled.rows import Vocabulary
from models.compiled.trees.state import AT_MOST, DISABLED, EACH, EQUAL, LEAF, SOMETHING

KINDS: dict[int, Any] = {AT_MOST: NumericBinaryBranch, EQUAL: NominalBinaryBranch, EACH: NominalMultiwayBranch}
_NUMBERS = {kind: number for number, kind in KINDS.items()}

EXACT_BELOW = 1 << 52
"""River compares whole numbers, and subtracts them, as such; smaller ones give what floats give."""


class Writer(ABC):
    """Makes river's objects of what a forest has; `step` is the tree that they are for."""

    def __init__(self, forest: Any, known: Vocabulary, nominal: frozenset[int], step: Any) -> None:
        self._forest, self._known, self._nominal, self._step = forest, known, nominal, step

    @abstractmethod
    def stats(self, leaf: int) -> Any:
        """What river keeps of the labels in a leaf."""

    @abstractmethod
    def stats_of(self, kept: Any) -> Any:
        """The same of what the forest has kept of a branch."""

    @abstractmethod
    def observer(self, leaf: int, feature: int) -> Any:
        """What river keeps of a feature in a leaf."""

    @abstractmethod
    def finish(self, made: Any, leaf: int) -> None:
        """Give a leaf of river what only leaves of its kind have."""

    def node(self, node: int) -> Any:
        """A node, and what is below it."""
        nodes = self._forest.trees.nodes
        kind, depth = int(nodes.kinds[node]), int(nodes.depths[node])
        if kind == LEAF:
            return self._leaf(int(nodes.leaves[node]), depth)
        numbers = list(self._forest.children(node))
        feature = self._known.features.known[nodes.features[node]]
        bound: Any = float(nodes.bounds[node])
        if kind == EQUAL:
            bound = self._word(int(bound))
        elif kind == EACH:
            bound = [self._word(int(nodes.words[child])) for child in numbers]
        stats = self.stats_of(self._forest.branch_stats[node])
        return KINDS[kind](stats, feature, bound, depth, *map(self.node, numbers))

    def _leaf(self, leaf: int, depth: int) -> Any:
        leaves = self._forest.trees.leaves
        made = self._step._new_leaf()
        made.stats, made.depth = self.stats(leaf), depth
        made.last_split_attempt_at = float(leaves.attempted[leaf])
        names = self._known.features.known
        made._disabled_attrs = {
            names[number] for number, state in enumerate(leaves.observed[leaf].tolist()) if state == DISABLED
        }
        observed = {names[feature]: self.observer(leaf, feature) for feature in self._forest.features(leaf)}
        made.splitters = observed if leaves.active[leaf] else None
        self.finish(made, leaf)
        return made

    def _word(self, number: int) -> Any:
        pair: Any = self._known.words.known[number]
        return pair[1]


class Reader(ABC):
    """Takes river's objects into a forest, of whose words, features and classes all are known."""

    def __init__(self, forest: Any, known: Vocabulary, copy: int) -> None:
        self._forest, self._known, self._copy = forest, known, copy

    @abstractmethod
    def kept(self, stats: Any) -> Any:
        """What the forest keeps of a branch."""

    @abstractmethod
    def set_stats(self, leaf: int, stats: Any) -> None:
        """Give a leaf that has seen nothing what river keeps of the labels."""

    @abstractmethod
    def observe(self, given: Any, name: Any, leaf: int, feature: int) -> None:
        """Give a leaf what river keeps of a feature."""

    @abstractmethod
    def finish(self, given: Any, leaf: int) -> None:
        """Give a leaf what only leaves of its kind have."""

    def node(self, given: Any, node: int) -> None:
        """Make a leaf that has seen nothing what river's node is, with all that is below it."""
        if not isinstance(given, DTBranch):
            self._leaf(given, int(self._forest.trees.nodes.leaves[node]))
            return
        feature: Any = given.feature
        kind, words, bound = _NUMBERS[type(given)], [-1] * len(given.children), 0.0
        if kind == AT_MOST:
            bound = exact(given.threshold, EXACT_BELOW)
        elif kind == EQUAL:
            bound = float(self._word(feature, given.value))
        else:
            words = [self._word(feature, given._r_mapping[place]) for place in range(len(words))]
        self.branch(node, (kind, self._known.features.number(feature), bound), given.stats, words)
        for child, below in zip(list(self._forest.children(node)), given.children, strict=True):
            self.node(below, child)

    def branch(self, node: int, test: tuple[int, int, float], stats: Any, words: list[int]) -> None:
        """Make a branch of a leaf, with new leaves below it; `test` is its kind, feature, and bound."""
        self._forest.make_branch(node, *test, self.kept(stats))
        for word in words:
            self._forest.new_leaf(self._copy, node, word)

    def _leaf(self, given: Any, leaf: int) -> None:
        leaves = self._forest.trees.leaves
        self.set_stats(leaf, given.stats)
        leaves.attempted[leaf] = given.last_split_attempt_at
        leaves.active[leaf] = given.is_active()
        leaves.observed[leaf, self._known.features.numbers(given._disabled_attrs)] = DISABLED
        for place, (name, observer) in enumerate((given.splitters or {}).items()):
            feature = self._known.features.number(name)
            leaves.feature_order[leaf, place], leaves.observed[leaf, feature] = feature, SOMETHING
            leaves.feature_counts[leaf] = place + 1
            self.observe(observer, name, leaf, feature)
        self.finish(given, leaf)

    def _word(self, name: Any, value: Any) -> int:
        return self._known.words.number((name, value))


def learn_features(known: Vocabulary, root: Any) -> None:
    """Number the features that a tree of river's has met."""
    for node in () if root is None else root.iter_dfs():
        if isinstance(node, DTBranch):
            known.features.number(node.feature)
        else:
            known.features.numbers(node.splitters or {})
            known.features.numbers(node._disabled_attrs)
