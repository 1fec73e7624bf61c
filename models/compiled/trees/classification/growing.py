"""What Python does for a classification tree between records."""

from __future__ import annotations

from typing import Any

from river.tree.utils import BranchFactory

from models.compiled.trees.classification.objects import ClassReader
from models.compiled.trees.classification.splits import decide, hoeffding_bound
from models.compiled.trees.classification.state import Design, Desk
from models.compiled.trees.growing import Grower


class ClassGrower(Grower):
    """Grows classification trees."""

    def decide(self, leaf: int, features: list[int], design: Design, desk: Desk) -> tuple[int, int]:
        decision: tuple[int, int] = decide(self._forest.trees, leaf, design, desk)
        if design.drops_poor and len(features) > 1:
            self._drop_poor(leaf, features, design, desk)
        return decision

    def _drop_poor(self, leaf: int, features: list[int], design: Design, desk: Desk) -> None:
        """Have the leaf no longer observe what is worse than the best by more than the bound."""
        merits = desk.merits[: len(features)].tolist()
        bound = hoeffding_bound(self._forest.trees.leaves, leaf, design)
        for place, feature in enumerate(features):
            is_poor = max(merits) - merits[place] > bound
            if is_poor and desk.is_split[place] and self._known.features.known[feature]:
                self._forest.disable(leaf, feature)

    def at(self, leaf: int, feature: int, place: int, desk: Desk) -> BranchFactory:
        point = float(desk.points[place])
        children = self._writer.observer(leaf, feature)._class_dists_from_binary_split(point)
        return BranchFactory(0.0, self._known.features.known[feature], point, children)

    def write(self, copy: int, tree: Any) -> None:
        super().write(copy, tree)
        numbers = self._forest.trees.roots.is_known[copy].nonzero()[0].tolist()
        tree.classes = {self._known.classes.known[number] for number in numbers}

    def reader(self, copy: int) -> ClassReader:
        return ClassReader(self._forest, self._known, copy)

    def promise(self, leaf: int) -> float:
        weights = self._forest.classes(leaf).values()
        total = sum(weights)
        return total - max(weights) if total > 0 else 0
