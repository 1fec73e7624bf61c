"""River's trees in a form that is equal only where every bit is that decides what comes."""

from __future__ import annotations

from typing import Any

from river.tree.nodes.branch import DTBranch, NominalMultiwayBranch
from river.tree.splitter import GaussianSplitter


def plain(tree: Any) -> Any:
    """All that a classification tree has learned."""
    counters = (
        tree._train_weight_seen_by_model,
        tree._n_active_leaves,
        tree._n_inactive_leaves,
        tree._growth_allowed,
    )
    return sorted(tree.classes), counters, None if tree._root is None else _node(tree._root)


def _node(node: Any) -> Any:
    if isinstance(node, DTBranch):
        test = getattr(node, "threshold", None), getattr(node, "value", None)
        words = list(node._mapping.items()) if isinstance(node, NominalMultiwayBranch) else None
        stats = list(node.stats.items())
        return type(node), node.feature, node.depth, test, words, stats, [_node(child) for child in node.children]
    rights = getattr(node, "_mc_correct_weight", None), getattr(node, "_nb_correct_weight", None)
    observed = None if node.splitters is None else [(name, _observer(each)) for name, each in node.splitters.items()]
    disabled = sorted(node._disabled_attrs)
    return type(node), node.depth, list(node.stats.items()), rights, node.last_split_attempt_at, observed, disabled


def _observer(observer: Any) -> Any:
    met = observer._att_dist_per_class
    if isinstance(observer, GaussianSplitter):
        ranges = [(observer._min_per_class[label], observer._max_per_class[label]) for label in met]
        moments = [(label, each._var.mean.n, each._var.mean._mean, each._var._S) for label, each in met.items()]
        return observer.n_splits, ranges, moments
    counted = [(label, sorted(counts.items(), key=repr)) for label, counts in met.items()]
    return observer._total_weight_observed, observer._missing_weight_observed, observer._att_values, counted
