"""River's trees in a form that is equal only where every bit is that decides what comes."""

from __future__ import annotations

from typing import Any

from river import stats
from river.tree.nodes.branch import DTBranch, NominalMultiwayBranch
from river.tree.splitter import EBSTSplitter, GaussianSplitter
from river.tree.splitter.nominal_splitter_reg import NominalSplitterReg


def plain(tree: Any) -> Any:
    """All that a tree has learned."""
    counters = (
        tree._train_weight_seen_by_model,
        tree._n_active_leaves,
        tree._n_inactive_leaves,
        tree._growth_allowed,
    )
    return sorted(getattr(tree, "classes", ())), counters, None if tree._root is None else _node(tree._root)


def _node(node: Any) -> Any:
    if isinstance(node, DTBranch):
        test = float(getattr(node, "threshold", 0.0)), getattr(node, "value", None)
        words = list(node._mapping.items()) if isinstance(node, NominalMultiwayBranch) else None
        below = [_node(child) for child in node.children]
        return type(node).__name__, node.feature, node.depth, test, words, _labels(node.stats), below
    names = "_mc_correct_weight", "_nb_correct_weight", "_fmse_mean", "_fmse_model"
    rights = [getattr(node, name, None) for name in names], _model(getattr(node, "_leaf_model", None))
    observed = None if node.splitters is None else [(name, _observer(each)) for name, each in node.splitters.items()]
    disabled = sorted(node._disabled_attrs)
    return type(node).__name__, node.depth, _labels(node.stats), rights, node.last_split_attempt_at, observed, disabled


def _labels(given: Any) -> Any:
    """The weights of classes, or the numbers that there were."""
    if isinstance(given, stats.Var):
        return given.mean.n, given.mean._mean, given._S
    return list(given.items())


def _model(model: Any) -> Any:
    if model is None:
        return None
    sums = [getattr(model.optimizer, name, None) or {} for name in ("g2", "m", "v", "z", "n")]
    grids = [model.weights, *sums, getattr(model, "cum_l1", {})]
    due, iterations = float(getattr(model, "max_cum_l1", 0.0)), model.optimizer.n_iterations
    return [_floats(grid) for grid in grids], float(model.intercept), due, iterations


def _floats(given: Any) -> dict[Any, float]:
    return {name: float(value) + 0.0 for name, value in sorted(given.items())}


def _search_tree(root: Any) -> list[Any]:
    """The nodes from the root on, None for none."""
    nodes, ahead = [], [root]
    while ahead:
        node = ahead.pop()
        nodes.append(None if node is None else (float(node.att_val), _labels(node.estimator)))
        ahead += [] if node is None else [node._right, node._left]
    return nodes


def _observer(observer: Any) -> Any:
    if isinstance(observer, EBSTSplitter):
        return type(observer), _search_tree(observer._root)
    if isinstance(observer, NominalSplitterReg):
        return [(value, _labels(var)) for value, var in observer._statistics.items()]
    met = observer._att_dist_per_class
    if isinstance(observer, GaussianSplitter):
        ranges = [(observer._min_per_class[label], observer._max_per_class[label]) for label in met]
        moments = [(label, each._var.mean.n, each._var.mean._mean, each._var._S) for label, each in met.items()]
        return observer.n_splits, ranges, moments
    counted = [(label, sorted(counts.items(), key=repr)) for label, counts in met.items()]
    return observer._total_weight_observed, observer._missing_weight_observed, list(observer._att_values), counted
