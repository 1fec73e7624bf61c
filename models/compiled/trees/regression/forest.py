"""Trees whose leaves keep numbers as labels, search trees and models."""

from __future__ import annotations

from typing import Any, NamedTuple

from models.compiled.arrays import grown
from models.compiled.linear import LinearModel
from models.compiled.trees.forest import Forest, Shapes
from models.compiled.trees.regression.search import forget_all, forget_feature, new_node
from models.compiled.trees.regression.state import COUNT, FREE_COUNT, FRESH, no_trees

_LEAST_ROOM = 1_024
Var = tuple[float, float, float]


class Heritage(NamedTuple):
    """What leaves get from the one that they are made of: its errors, and a row of each array of its model."""

    errors_of_mean: float
    errors_of_model: float
    model: list[Any]


class RegressionForest(Forest):
    """The regression trees of all copies; `models` are those of leaves, None where leaves have none."""

    def __init__(self, models: LinearModel | None) -> None:
        super().__init__()
        self.models = models
        self.trees = no_trees()

    @property
    def tallied(self) -> int:
        return 3

    def leaf_shapes(self, leaves: int) -> Shapes:
        by_feature = dict.fromkeys(("feature_order", "observed", "searches"), (leaves, self._features))
        return {**by_feature, "labels": (leaves, 3)}

    def forget_feature(self, leaf: int, feature: int) -> None:
        forget_feature(self.trees.search, self.trees.leaves, leaf, feature)

    def forget_numbers(self, leaf: int) -> None:
        forget_all(self.trees.search, self.trees.leaves, leaf)

    def heritage(self, leaf: int) -> Heritage:
        leaves = self.trees.leaves
        model = [array[leaf].copy() for array in self.trees.models] if self.models else []
        return Heritage(float(leaves.errors_of_mean[leaf]), float(leaves.errors_of_model[leaf]), model)

    def inherit(self, leaf: int, heritage: Heritage) -> None:
        leaves = self.trees.leaves
        leaves.errors_of_mean[leaf], leaves.errors_of_model[leaf] = heritage[:2]
        for array, row in zip(self.trees.models, heritage.model, strict=False):
            array[leaf] = row

    def set_labels(self, leaf: int, labels: Var) -> None:
        """Give a leaf that has seen nothing its labels."""
        leaves = self.trees.leaves
        leaves.labels[leaf] = labels
        leaves.totals[leaf] = labels[COUNT]

    def make_room_for_cells(self, more: int) -> None:
        super().make_room_for_cells(more)
        self.make_room_for_numbers(more)

    def make_room_for_numbers(self, more: int) -> None:
        """Have room for so many nodes more in search trees."""
        search = self.trees.search
        free = len(search.values) - int(search.used[FRESH]) + int(search.used[FREE_COUNT])
        if free < more:
            size = max(len(search.values) + more, _LEAST_ROOM)
            shapes: Shapes = {"labels": (size, 3), "used": search.used.shape}
            arrays = search._asdict().items()
            self._put(search=search._make(grown(array, shapes.get(name, (size,)), 0) for name, array in arrays))

    def add_number(self, leaf: int, feature: int, parent: int, is_left: bool, value: float, labels: Var) -> int:
        """A new node below another one, or a root, if that is 0; there has to be room."""
        search = self.trees.search
        node = new_node(search)
        search.values[node], search.parents[node] = value, parent
        search.labels[node] = labels
        if not parent:
            self.trees.leaves.searches[leaf, feature] = node
        elif is_left:
            search.lefts[parent] = node
        else:
            search.rights[parent] = node
        return node

    def _clear(self, leaf: int) -> None:
        super()._clear(leaf)
        if self.models:
            self.models.forget(leaf)

    def _room_for(self, more: int) -> None:
        super()._room_for(more)
        if not len(self.trees.search.values):
            self.make_room_for_numbers(_LEAST_ROOM // 2)
        if self.models:
            self.models.make_rows(len(self.trees.leaves.nodes), self._features)
            self._put(models=self.models.state)
