"""What of river goes over a set goes over it in one order: that of a set changes from process to process."""

from __future__ import annotations

from typing import Any

from river import base, cluster, compose, preprocessing, tree
from river.tree.nodes import htc_nodes
from river.tree.splitter.nominal_splitter_classif import NominalSplitterClassif

from models.renaming import PureRenamer


class KMeans(cluster.KMeans):  # type: ignore[misc]
    """`cluster.KMeans` that goes over features as its centers met them: river's own goes over a set of their names.

    The order of a set changes from process to process, and sums of floats and random centers depend on it. A workflow
    puts it in the place of each `cluster.KMeans` by itself.

    >>> means = KMeans(n_clusters=2, seed=1)
    >>> means.predict_one({"wind": 3.0, "delay": 7.0}), list(means.centers[1])
    (0, ['wind', 'delay'])
    """

    def predict_one(self, x: dict[Any, Any]) -> int:
        def distance(number: int) -> Any:
            center = self.centers[number]
            return sum([abs(center[name] - x.get(name, 0)) ** self.p for name in dict.fromkeys((*center, *x))])

        closest: int = min(self.centers, key=distance)
        return closest


class Words(dict[Any, None]):
    """The values of a nominal feature as they came, with the one verb of sets that river's observers of them need."""

    def add(self, word: Any) -> None:
        """Keep a word where it is, or behind all others."""
        self[word] = None


class _Leaf:
    """Has nominal features observed in the order of their words."""

    @staticmethod
    def new_nominal_splitter() -> NominalSplitterClassif:
        made = NominalSplitterClassif()
        made._att_values = Words()
        return made


class LeafMajorityClass(_Leaf, htc_nodes.LeafMajorityClass):  # type: ignore[misc]
    """River's leaf that says the most frequent class."""


class LeafNaiveBayes(_Leaf, htc_nodes.LeafNaiveBayes):  # type: ignore[misc]
    """River's leaf with a naive Bayes model."""


class LeafNaiveBayesAdaptive(_Leaf, htc_nodes.LeafNaiveBayesAdaptive):  # type: ignore[misc]
    """River's leaf that says what has been right more often, the most frequent class or naive Bayes."""


_LEAVES = {leaf.__mro__[2]: leaf for leaf in (LeafMajorityClass, LeafNaiveBayes, LeafNaiveBayesAdaptive)}


class HoeffdingTreeClassifier(tree.HoeffdingTreeClassifier):  # type: ignore[misc]
    """`tree.HoeffdingTreeClassifier` that takes, of equal splits by a word, that by the word which came first.

    River's own takes the first one of a set of words. A workflow puts it in the place of each
    `tree.HoeffdingTreeClassifier` by itself.

    >>> splits = HoeffdingTreeClassifier(grace_period=4, delta=0.9, tau=1.0, binary_split=True)
    >>> for airport, is_late in [("SFO", True), ("JFK", False), ("SFO", True), ("JFK", False)]:
    ...     splits.learn_one({"airport": airport}, is_late)
    >>> splits._root.value
    'SFO'
    """

    def _new_leaf(self, initial_stats: Any = None, parent: Any = None) -> Any:
        leaf = super()._new_leaf(initial_stats, parent)
        leaf.__class__ = _LEAVES[type(leaf)]
        return leaf


_INSTEAD_OF: dict[type, type] = {cluster.KMeans: KMeans, tree.HoeffdingTreeClassifier: HoeffdingTreeClassifier}


def settle_order(pipeline: Any) -> None:
    """Make `compose.Select`, and `OneHotEncoder` with given categories, give features in the order of their names.

    River keeps the names in a set, whose order changes from process to process; sums of floats depend on it. From here
    on a `cluster.KMeans` goes over them as it met them, a `tree.HoeffdingTreeClassifier` over words likewise, and a
    `compose.Renamer` leaves its input as it is. So do those within other models.
    """
    # isinstance looks through pipelines to their last step: ask for the pipeline first.
    if isinstance(pipeline, compose.Pipeline):
        for step in pipeline.steps.values():
            settle_order(step)
    elif isinstance(pipeline, compose.TransformerUnion):
        for step in pipeline.transformers.values():
            settle_order(step)
    elif isinstance(pipeline, compose.Select):
        pipeline.keys = dict.fromkeys(sorted(pipeline.keys, key=str))
    elif isinstance(pipeline, preprocessing.OneHotEncoder) and pipeline.categories is not None:
        pipeline._zero_dict = dict.fromkeys(sorted(pipeline._zero_dict), 0)
    elif type(pipeline) is compose.Renamer:
        pipeline.__class__ = PureRenamer
    elif type(pipeline) in _INSTEAD_OF:
        pipeline.__class__ = _INSTEAD_OF[type(pipeline)]
    else:
        _settle_order_within(pipeline)


def _settle_order_within(model: Any) -> None:
    if isinstance(model, base.Wrapper):
        settle_order(model._wrapped_model)
    if isinstance(model, base.Ensemble):
        for each in model:
            settle_order(each)
