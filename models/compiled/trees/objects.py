"""River's trees from arrays, and arrays from river's trees."""

from __future__ import annotations

import math
from typing import Any

from river import proba
from river.tree.nodes.branch import DTBranch, NominalBinaryBranch, NominalMultiwayBranch, NumericBinaryBranch
from river.tree.nodes.htc_nodes import LeafNaiveBayesAdaptive
from river.tree.splitter import GaussianSplitter
from river.tree.splitter.nominal_splitter_classif import NominalSplitterClassif

from models.compiled.rows import Vocabulary
from models.compiled.trees.forest import Forest
from models.compiled.trees.state import (
    AT_MOST,
    DISABLED,
    EACH,
    EQUAL,
    HIGH,
    IS_MET,
    LEAF,
    LOG_SCALE,
    LOW,
    MEAN,
    SCALE,
    SOMETHING,
    SQUARES,
    WEIGHT,
)
from models.compiled.trees.tallying import add_entry, entries

KINDS: dict[int, Any] = {AT_MOST: NumericBinaryBranch, EQUAL: NominalBinaryBranch, EACH: NominalMultiwayBranch}
_NUMBERS = {kind: number for number, kind in KINDS.items()}


class Writer:
    """Makes river's objects of what a forest has; `step` is the tree that they are for."""

    def __init__(self, forest: Forest, known: Vocabulary, nominal: frozenset[int], step: Any) -> None:
        self._forest, self._known, self._nominal, self._step = forest, known, nominal, step

    def node(self, node: int) -> Any:
        """A node, and what is below it."""
        nodes = self._forest.trees.nodes
        kind, depth = int(nodes.kinds[node]), int(nodes.depths[node])
        if kind == LEAF:
            return self.leaf(int(nodes.leaves[node]), depth)
        numbers = list(self._forest.children(node))
        feature = self._known.features.known[nodes.features[node]]
        bound: Any = float(nodes.bounds[node])
        if kind == EQUAL:
            bound = self._word(int(bound))
        elif kind == EACH:
            bound = [self._word(int(nodes.words[child])) for child in numbers]
        weights = self.labelled(self._forest.branch_weights[node])
        return KINDS[kind](weights, feature, bound, depth, *map(self.node, numbers))

    def leaf(self, leaf: int, depth: int) -> Any:
        leaves = self._forest.trees.leaves
        made = self._step._new_leaf()
        made.stats, made.depth = self.labelled(self._forest.classes(leaf)), depth
        made.last_split_attempt_at = float(leaves.attempted[leaf])
        if isinstance(made, LeafNaiveBayesAdaptive):
            made._mc_correct_weight = float(leaves.right_by_majority[leaf])
            made._nb_correct_weight = float(leaves.right_by_bayes[leaf])
        names = self._known.features.known
        made._disabled_attrs = {
            names[number] for number, state in enumerate(leaves.observed[leaf].tolist()) if state == DISABLED
        }
        observed = {names[feature]: self.observer(leaf, feature) for feature in self._forest.features(leaf)}
        made.splitters = observed if leaves.active[leaf] else None
        return made

    def observer(self, leaf: int, feature: int) -> Any:
        """What river keeps of a feature in a leaf."""
        leaves = self._forest.trees.leaves
        met = leaves.met_order[leaf, feature, : leaves.met_counts[leaf, feature]].tolist()
        if feature in self._nominal:
            return self._nominal_observer(leaf, feature, met)
        made = GaussianSplitter(self._step.splitter.n_splits)
        for number in met:
            moments, label = leaves.moments[leaf, feature, number].tolist(), self._known.classes.known[number]
            made._min_per_class[label], made._max_per_class[label] = moments[LOW], moments[HIGH]
            gaussian = made._att_dist_per_class[label] = proba.Gaussian()
            gaussian._var.mean.n, gaussian._var.mean._mean = moments[WEIGHT], moments[MEAN]
            gaussian._var._S = moments[SQUARES]
        return made

    def _nominal_observer(self, leaf: int, feature: int, met: list[int]) -> Any:
        made, tallies = NominalSplitterClassif(), self._forest.trees.tallies
        labels = self._known.classes.known
        for number in met:
            made._att_dist_per_class[labels[number]]  # river's dictionary has a class once it was asked for it
        for entry in entries(tallies, leaf, feature):
            word = self._word(int(tallies.words[entry]))
            made._att_values.add(word)
            for number in met:
                weight = float(tallies.weights[entry, number])
                if weight:
                    made._att_dist_per_class[labels[number]][word] = weight
                    made._total_weight_observed += weight
        return made

    def labelled(self, weights: dict[int, float]) -> dict[Any, float]:
        return {self._known.classes.known[number]: weight for number, weight in weights.items()}

    def _word(self, number: int) -> Any:
        pair: Any = self._known.words.known[number]
        return pair[1]


class Reader:
    """Takes river's objects into a forest, of whose words, features and classes all are known."""

    def __init__(self, forest: Forest, known: Vocabulary, copy: int) -> None:
        self._forest, self._known, self._copy = forest, known, copy

    def node(self, given: Any, node: int) -> None:
        """Make a leaf that has seen nothing what river's node is, with all that is below it."""
        if not isinstance(given, DTBranch):
            self._leaf(given, int(self._forest.trees.nodes.leaves[node]))
            return
        feature: Any = given.feature
        kind, words, bound = _NUMBERS[type(given)], [-1] * len(given.children), 0.0
        if kind == AT_MOST:
            bound = float(given.threshold)
        elif kind == EQUAL:
            bound = float(self._word(feature, given.value))
        else:
            words = [self._word(feature, given._r_mapping[place]) for place in range(len(words))]
        self.branch(node, (kind, self._known.features.number(feature), bound), given.stats, words)
        for child, below in zip(list(self._forest.children(node)), given.children, strict=True):
            self.node(below, child)

    def branch(self, node: int, test: tuple[int, int, float], stats: dict[Any, float], words: list[int]) -> None:
        """Make a branch of a leaf, with new leaves below it; `test` is its kind, feature, and bound."""
        self._forest.make_branch(node, *test, self._numbered(stats))
        for word in words:
            self._forest.new_leaf(self._copy, node, word)

    def set_classes(self, leaf: int, stats: dict[Any, float]) -> None:
        self._forest.set_classes(leaf, self._numbered(stats))

    def _leaf(self, given: Any, leaf: int) -> None:
        leaves = self._forest.trees.leaves
        self.set_classes(leaf, given.stats)
        leaves.attempted[leaf] = given.last_split_attempt_at
        leaves.right_by_majority[leaf] = getattr(given, "_mc_correct_weight", 0.0)
        leaves.right_by_bayes[leaf] = getattr(given, "_nb_correct_weight", 0.0)
        leaves.active[leaf] = given.is_active()
        leaves.observed[leaf, self._known.features.numbers(given._disabled_attrs)] = DISABLED
        for place, (name, observer) in enumerate((given.splitters or {}).items()):
            feature = self._known.features.number(name)
            leaves.feature_order[leaf, place], leaves.observed[leaf, feature] = feature, SOMETHING
            leaves.feature_counts[leaf] = place + 1
            self._observer(observer, name, leaf, feature)

    def _observer(self, given: Any, name: Any, leaf: int, feature: int) -> None:
        leaves = self._forest.trees.leaves
        met = [self._known.classes.number(label) for label in given._att_dist_per_class]
        leaves.met_counts[leaf, feature], leaves.met_order[leaf, feature, : len(met)] = len(met), met
        leaves.moments[leaf, feature, met, IS_MET] = 1.0
        if isinstance(given, NominalSplitterClassif):
            self._words(given, name, leaf, feature)
            return
        for number, (label, gaussian) in zip(met, given._att_dist_per_class.items(), strict=True):
            moments, var = leaves.moments[leaf, feature, number], gaussian._var
            moments[WEIGHT], moments[MEAN], moments[SQUARES] = var.mean.n, var.mean._mean, var._S
            moments[LOW], moments[HIGH] = given._min_per_class[label], given._max_per_class[label]
            variance = var._S / (var.mean.n - 1.0) if var.mean.n > 1.0 else 0.0
            moments[SCALE] = -2.0 * variance
            moments[LOG_SCALE] = 0.5 * math.log(variance) if variance > 0.0 else 0.0

    def _words(self, given: Any, name: Any, leaf: int, feature: int) -> None:
        self._forest.make_room_for_words(len(given._att_values))
        counted = {self._known.classes.number(each): counts for each, counts in given._att_dist_per_class.items()}
        for value in given._att_values:
            weights = {number: counts[value] for number, counts in counted.items() if value in counts}
            add_entry(self._forest.trees.tallies, leaf, feature, self._word(name, value), weights)
        for number, counts in counted.items():
            self._forest.trees.leaves.moments[leaf, feature, number, WEIGHT] = sum(counts.values())

    def _word(self, name: Any, value: Any) -> int:
        return self._known.words.number((name, value))

    def _numbered(self, stats: dict[Any, float]) -> dict[int, float]:
        return {self._known.classes.number(label): weight for label, weight in stats.items()}


def learn_names(known: Vocabulary, step: Any) -> None:
    """Number what a tree of river's has met."""
    known.classes.numbers(step.classes)
    root = step._root
    if root is None:
        return
    for node in root.iter_dfs():
        known.classes.numbers(node.stats)
        if isinstance(node, DTBranch):
            known.features.number(node.feature)
        else:
            known.features.numbers(node.splitters or {})
            known.features.numbers(node._disabled_attrs)
