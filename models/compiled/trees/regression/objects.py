"""River's regression trees from arrays, and arrays from river's regression trees."""

from __future__ import annotations

from typing import Any

from river.stats import Var
from river.tree.nodes.htr_nodes import LeafAdaptive, LeafModel
from river.tree.splitter.ebst_splitter import EBSTNode
from river.tree.splitter.nominal_splitter_reg import NominalSplitterReg

from models.compiled.arrays import exact
from models.compiled.trees.nodes import EXACT_BELOW, Reader, Writer
from models.compiled.trees.tallying import add_entry, entries

_Var = tuple[float, float, float]


def var_of(labels: _Var) -> Var:
    """River's `stats.Var` of labels."""
    made = Var()
    made.mean.n, made.mean._mean, made._S = labels
    return made


def labels_of(var: Var) -> _Var:
    """What `var_of` makes a `stats.Var` of."""
    return float(var.mean.n), float(var.mean._mean), float(var._S)


class RegressionWriter(Writer):
    """Makes river's objects of regression trees."""

    def stats(self, leaf: int) -> Var:
        return var_of(tuple(self._forest.trees.leaves.labels[leaf].tolist()))

    def stats_of(self, kept: _Var) -> Var:
        return var_of(kept)

    def finish(self, made: Any, leaf: int) -> None:
        leaves = self._forest.trees.leaves
        if isinstance(made, LeafAdaptive):
            made._fmse_mean = float(leaves.errors_of_mean[leaf])
            made._fmse_model = float(leaves.errors_of_model[leaf])
        if isinstance(made, LeafModel):
            self._forest.models.store(leaf, self._known, made._leaf_model)

    def observer(self, leaf: int, feature: int) -> Any:
        if feature in self._nominal:
            return self._nominal_observer(leaf, feature)
        made = self._step.splitter.clone()
        made._root = self._search_tree(int(self._forest.trees.leaves.searches[leaf, feature]))
        return made

    def _nominal_observer(self, leaf: int, feature: int) -> NominalSplitterReg:
        made, tallies = NominalSplitterReg(), self._forest.trees.tallies
        for entry in entries(tallies, leaf, feature):
            made._statistics[self._word(int(tallies.words[entry]))] = var_of(tuple(tallies.weights[entry].tolist()))
        return made

    def _search_tree(self, root: int) -> EBSTNode | None:
        search = self._forest.trees.search
        made: dict[int, Any] = {0: None}
        ahead = [root]
        while ahead:
            node = ahead.pop()
            if not node:
                continue
            each = made[node] = EBSTNode(float(search.values[node]), 0.0, 1.0)
            each.estimator = var_of(tuple(search.labels[node].tolist()))
            parent = int(search.parents[node])
            if parent and search.lefts[parent] == node:
                made[parent]._left = each
            elif parent:
                made[parent]._right = each
            ahead += [int(search.lefts[node]), int(search.rights[node])]
        return made[root]


class RegressionReader(Reader):
    """Takes river's regression trees into a forest."""

    def kept(self, stats: Var) -> _Var:
        return labels_of(stats)

    def set_stats(self, leaf: int, stats: Var) -> None:
        self._forest.set_labels(leaf, labels_of(stats))

    def finish(self, given: Any, leaf: int) -> None:
        leaves = self._forest.trees.leaves
        leaves.errors_of_mean[leaf] = getattr(given, "_fmse_mean", 0.0)
        leaves.errors_of_model[leaf] = getattr(given, "_fmse_model", 0.0)
        if isinstance(given, LeafModel):
            self._forest.models.load(leaf, self._known, given._leaf_model)

    def observe(self, given: Any, name: Any, leaf: int, feature: int) -> None:
        if isinstance(given, NominalSplitterReg):
            self._words(given, name, leaf, feature)
            return
        ahead = [(given._root, 0, False)]
        while ahead:
            each, parent, is_left = ahead.pop()
            if each is None:
                continue
            self._forest.make_room_for_numbers(1)
            node = self._forest.add_number(
                leaf, feature, parent, is_left, exact(each.att_val, EXACT_BELOW), labels_of(each.estimator)
            )
            ahead += [(each._left, node, True), (each._right, node, False)]

    def _words(self, given: NominalSplitterReg, name: Any, leaf: int, feature: int) -> None:
        self._forest.make_room_for_words(len(given._statistics))
        for value, var in given._statistics.items():
            labels = dict(enumerate(labels_of(var)))
            add_entry(self._forest.trees.tallies, leaf, feature, self._word(name, value), labels)
