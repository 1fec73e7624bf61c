"""Trees whose leaves keep the weights of classes."""

from __future__ import annotations

from models.compiled.trees.classification.state import no_trees
from models.compiled.trees.forest import Forest, Shapes

_MOMENTS = 10


class ClassForest(Forest):
    """The classification trees of all copies."""

    def __init__(self) -> None:
        super().__init__()
        self.trees = no_trees()

    @property
    def tallied(self) -> int:
        return self._classes

    def leaf_shapes(self, leaves: int) -> Shapes:
        by_class = dict.fromkeys(("class_order", "weights", "is_known"), (leaves, self._classes))
        by_feature = dict.fromkeys(("feature_order", "observed", "met_counts"), (leaves, self._features))
        by_both = (leaves, self._features, self._classes)
        return {**by_class, **by_feature, "met_order": by_both, "moments": (*by_both, _MOMENTS)}

    def forget_feature(self, leaf: int, feature: int) -> None:
        leaves = self.trees.leaves
        leaves.moments[leaf, feature] = leaves.met_counts[leaf, feature] = 0

    def forget_numbers(self, leaf: int) -> None:
        leaves = self.trees.leaves
        leaves.moments[leaf] = leaves.met_counts[leaf] = 0

    def heritage(self, leaf: int) -> None:
        return None

    def inherit(self, leaf: int, heritage: None) -> None:
        return None

    def set_classes(self, leaf: int, weights: dict[int, float]) -> None:
        """Give a leaf that has seen nothing the weights of classes, in their order."""
        leaves, numbers = self.trees.leaves, list(weights)
        leaves.class_counts[leaf] = len(numbers)
        leaves.class_order[leaf, : len(numbers)] = numbers
        leaves.is_known[leaf, numbers] = True
        leaves.weights[leaf, numbers] = list(weights.values())
        leaves.totals[leaf] = sum(weights.values())

    def classes(self, leaf: int) -> dict[int, float]:
        """The weights of classes, in river's order."""
        leaves = self.trees.leaves
        numbers = leaves.class_order[leaf, : leaves.class_counts[leaf]]
        return dict(zip(numbers.tolist(), leaves.weights[leaf, numbers].tolist(), strict=True))
