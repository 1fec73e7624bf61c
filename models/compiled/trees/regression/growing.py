"""What Python does for a regression tree between records."""

from __future__ import annotations

from river.tree.utils import BranchFactory

from models.compiled.trees.growing import Grower
from models.compiled.trees.regression.objects import RegressionReader, var_of
from models.compiled.trees.regression.splits import decide, find_two_best, hoeffding_bound, tidy
from models.compiled.trees.regression.state import Design, Desk
from models.compiled.trees.state import KEEP


class RegressionGrower(Grower):
    """Grows regression trees."""

    def decide(self, leaf: int, features: list[int], design: Design, desk: Desk) -> tuple[int, int]:
        decision, place = decide(self._forest.trees, leaf, design, desk)
        self._clean(leaf, features, decision == KEEP, design, desk)
        return decision, place

    def _clean(self, leaf: int, features: list[int], is_kept: bool, design: Design, desk: Desk) -> None:
        """Have the leaf no longer observe poor features, and forget bad values of others. Raises as river does."""
        if len(features) < 2:
            return
        place, second = find_two_best(desk, len(features))
        merits = desk.merits[: len(features)].tolist()
        best, bound = merits[place], float(hoeffding_bound(self._forest.trees.leaves, leaf, design))
        if design.drops_poor:
            if best == 0.0:  # river divides by it; its own error tells where
                node = int(self._forest.trees.leaves.nodes[leaf])
                self._step.clone()._attempt_to_split(self.leaf(node), None, None)
            least = second / best - 2.0 * bound
            for feature, merit, is_split in zip(features, merits, desk.is_split.tolist(), strict=False):
                if is_split and self._known.features.known[feature] and merit / best < least:
                    self._forest.disable(leaf, feature)
        if is_kept and best > 0.0 and second > 0.0:
            tidy(self._forest.trees, leaf, best, second / best - 2.0 * bound, design, desk)

    def at(self, leaf: int, feature: int, place: int, desk: Desk) -> BranchFactory:
        children = [var_of(tuple(side[place].tolist())) for side in (desk.lefts, desk.rights)]
        return BranchFactory(0.0, self._known.features.known[feature], float(desk.points[place]), children)

    def reader(self, copy: int) -> RegressionReader:
        return RegressionReader(self._forest, self._known, copy)

    def promise(self, leaf: int) -> float:
        nodes, leaves = self._forest.trees.nodes, self._forest.trees.leaves
        return -float(nodes.depths[leaves.nodes[leaf]])
