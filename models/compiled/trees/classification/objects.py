"""River's classification trees from arrays, and arrays from river's classification trees."""

from __future__ import annotations

import math
from typing import Any

from river import proba
from river.tree.nodes.htc_nodes import LeafNaiveBayesAdaptive
from river.tree.splitter import GaussianSplitter
from river.tree.splitter.nominal_splitter_classif import NominalSplitterClassif

from models.compiled.arrays import kept
from models.compiled.rows import Vocabulary
from models.compiled.trees.classification.state import (
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
)
from models.compiled.trees.nodes import Reader, Writer
from models.compiled.trees.tallying import add_entry, entries


class ClassWriter(Writer):
    """Makes river's objects of classification trees."""

    def stats(self, leaf: int) -> dict[Any, float]:
        return self.stats_of(self._forest.classes(leaf))

    def stats_of(self, kept: dict[int, float]) -> dict[Any, float]:
        return {self._known.classes.known[number]: weight for number, weight in kept.items()}

    def finish(self, made: Any, leaf: int) -> None:
        leaves = self._forest.trees.leaves
        if isinstance(made, LeafNaiveBayesAdaptive):
            made._mc_correct_weight = float(leaves.right_by_majority[leaf])
            made._nb_correct_weight = float(leaves.right_by_bayes[leaf])

    def observer(self, leaf: int, feature: int) -> Any:
        leaves = self._forest.trees.leaves
        met = leaves.met_order[leaf, feature, : leaves.met_counts[leaf, feature]].tolist()
        if feature in self._nominal:
            return self._nominal_observer(leaf, feature, met)
        made = GaussianSplitter(self._step.splitter.n_splits)
        for number in met:
            moments, label = leaves.moments[leaf, feature, number].tolist(), self._known.classes.known[number]
            made._min_per_class[label] = kept(moments[LOW], is_whole=moments[IS_LOW_WHOLE] > 0.0)
            made._max_per_class[label] = kept(moments[HIGH], is_whole=moments[IS_HIGH_WHOLE] > 0.0)
            gaussian = made._att_dist_per_class[label] = proba.Gaussian()
            gaussian._var.mean.n, gaussian._var.mean._mean = moments[WEIGHT], moments[MEAN]
            gaussian._var._S = moments[SQUARES]
        return made

    def _nominal_observer(self, leaf: int, feature: int, met: list[int]) -> Any:
        made, tallies = self._step._new_leaf().new_nominal_splitter(), self._forest.trees.tallies
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


class ClassReader(Reader):
    """Takes river's classification trees into a forest."""

    def kept(self, stats: dict[Any, float]) -> dict[int, float]:
        return {self._known.classes.number(label): weight for label, weight in stats.items()}

    def set_stats(self, leaf: int, stats: dict[Any, float]) -> None:
        self._forest.set_classes(leaf, self.kept(stats))

    def finish(self, given: Any, leaf: int) -> None:
        leaves = self._forest.trees.leaves
        leaves.right_by_majority[leaf] = getattr(given, "_mc_correct_weight", 0.0)
        leaves.right_by_bayes[leaf] = getattr(given, "_nb_correct_weight", 0.0)

    def observe(self, given: Any, name: Any, leaf: int, feature: int) -> None:
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
            low, high = given._min_per_class[label], given._max_per_class[label]
            moments[LOW], moments[HIGH] = low, high
            moments[IS_LOW_WHOLE], moments[IS_HIGH_WHOLE] = isinstance(low, int), isinstance(high, int)
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


def learn_classes(known: Vocabulary, step: Any) -> None:
    """Number the classes that a tree of river's has met."""
    known.classes.numbers(step.classes)
    for node in () if step._root is None else step._root.iter_dfs():
        known.classes.numbers(node.stats)
