"""What Python does for a tree between records: splitting a leaf, and keeping to river's limit of size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from river.tree.utils import BranchFactory

from models.compiled.rows import Vocabulary
from models.compiled.trees.forest import Forest
from models.compiled.trees.objects import KINDS, Reader, Writer
from models.compiled.trees.splits import decide, hoeffding_bound
from models.compiled.trees.state import (
    ASK,
    AT_MOST,
    BEST,
    DECISION,
    DISABLED,
    EACH,
    EQUAL,
    KEEP,
    NODE,
    PRUNE,
    SPLIT,
    Design,
    Desk,
)


class Grower:
    """Grows the trees of a forest; `step` has river's hyperparameters, and `writer` makes river's observers of ours."""

    def __init__(self, forest: Forest, known: Vocabulary, nominal: frozenset[int], step: Any) -> None:
        self._forest, self._known, self._step = forest, known, step
        self._nominal = nominal
        self._writer = Writer(forest, known, nominal, step)

    def attempt(self, design: Design, desk: Desk) -> None:
        """Do with a leaf what the kernel has decided, or left to decide."""
        node, decision, place = int(desk.turn[NODE]), int(desk.turn[DECISION]), int(desk.turn[BEST])
        leaf = int(self._forest.trees.nodes.leaves[node])
        features: list[int] = [*([-1] if design.prunes else []), *self._forest.features(leaf)]
        suggested: dict[int, BranchFactory] = {}
        if decision == ASK:
            suggested = self._ask(leaf, features, desk)
            decision, place = decide(self._forest.trees, leaf, design, desk)
            if design.drops_poor and len(features) > 1:
                self._drop_poor(leaf, features, design, desk)
        copy = int(self._forest.trees.leaves.copies[leaf])
        if decision == PRUNE:
            self._set_active(leaf, copy, is_active=False)
        elif decision == SPLIT:
            feature = features[place]
            suggestion = suggested.get(place) or self._at(leaf, feature, float(desk.points[place]))
            self._split(node, copy, feature, suggestion)
        if decision != KEEP:
            self.keep_size(copy)

    def _ask(self, leaf: int, features: list[int], desk: Desk) -> dict[int, BranchFactory]:
        """What river's observers of nominal features suggest, by place; the merits go to the others'."""
        suggested = {}
        criterion, before = self._step._new_split_criterion(), self._writer.labelled(self._forest.classes(leaf))
        for place, feature in enumerate(features):
            if feature in self._nominal:
                observer = self._writer.observer(leaf, feature)
                suggestion = observer.best_evaluated_split_suggestion(
                    criterion, before, self._known.features.known[feature], self._step.binary_split
                )
                suggested[place] = suggestion
                desk.merits[place], desk.is_split[place] = suggestion.merit, suggestion.feature is not None
        return suggested

    def _drop_poor(self, leaf: int, features: list[int], design: Design, desk: Desk) -> None:
        """Have the leaf no longer observe what is worse than the best by more than the bound."""
        merits = desk.merits[: len(features)].tolist()
        bound = hoeffding_bound(self._forest.trees.leaves, leaf, design)
        for place, feature in enumerate(features):
            is_poor = max(merits) - merits[place] > bound
            if is_poor and desk.is_split[place] and self._known.features.known[feature]:
                self._forest.disable(leaf, feature, DISABLED)

    def _at(self, leaf: int, feature: int, point: float) -> BranchFactory:
        """The split of a number at a point."""
        children = self._writer.observer(leaf, feature)._class_dists_from_binary_split(point)
        return BranchFactory(0.0, self._known.features.known[feature], point, children)

    def _split(self, node: int, copy: int, feature: int, suggestion: BranchFactory) -> None:
        children: Any = suggestion.children_stats
        info: Any = suggestion.split_info
        kind = self._step._branch_selector(suggestion.numerical_feature, suggestion.multiway_split)
        number = next(each for each, river in KINDS.items() if river is kind)
        name = self._known.features.known[feature]
        words, bound = [-1] * len(children), 0.0
        if number == AT_MOST:
            bound = float(info)
        elif number == EQUAL:
            bound = float(self._known.words.number((name, info)))
        elif number == EACH:
            words = [self._known.words.number((name, value)) for value in info]
        stats = self._writer.labelled(self._forest.classes(int(self._forest.trees.nodes.leaves[node])))
        reader = Reader(self._forest, self._known, copy)
        reader.branch(node, (number, feature, bound), stats, words)
        nodes = self._forest.trees.nodes
        for child, weights in zip(self._forest.children(node), children, strict=True):
            leaf = int(nodes.leaves[child])
            reader.set_classes(leaf, weights)
            leaves = self._forest.trees.leaves
            leaves.attempted[leaf] = sum(weights.values())
        self._forest.trees.roots.active[copy] += len(children) - 1

    def add_word(self, desk: Desk, copy: int, word: int) -> None:
        """Give a branch a new leaf for a word, and note it as the one to go on with."""
        desk.turn[NODE] = self._forest.new_leaf(copy, int(desk.turn[NODE]), word)
        self._forest.trees.roots.active[copy] += 1

    def keep_size(self, copy: int) -> None:
        """River's way to keep a tree in its size, `HoeffdingTree._enforce_size_limit`."""
        roots, limit = self._forest.trees.roots, self._step._max_byte_size
        active_size, inactive_size, overhead = roots.sizes[copy].tolist()
        inactive = int(roots.inactive[copy])
        is_too_large = overhead * (active_size + inactive * inactive_size) > limit
        if self._step.stop_mem_management and (inactive > 0 or is_too_large):
            roots.is_growing[copy] = False
            return
        if active_size == inactive_size == 0.0:  # before the first estimate, or of no use
            self._activate(copy)
            return
        leaves: list[int] = sorted(self._forest.leaves_of(int(roots.nodes[copy])), key=self._promise)
        most = 0
        while most < len(leaves):
            most += 1
            if (most * active_size + (len(leaves) - most) * inactive_size) * overhead > limit:
                most -= 1
                break
        cutoff = len(leaves) - most
        self._set_all(copy, leaves[:cutoff], is_active=False, may=lambda leaf: True)
        self._set_all(copy, leaves[cutoff:], is_active=True, may=self._is_above_deepest)

    def estimate_size(self, copy: int) -> None:
        """River's estimate of the size of a tree, of one that is made for it."""
        step, roots = self._step, self._forest.trees.roots
        tree = step.clone()
        self.write(copy, tree)
        tree._estimate_model_size()
        roots.sizes[copy] = (
            tree._active_leaf_size_estimate,
            tree._inactive_leaf_size_estimate,
            tree._size_estimate_overhead_fraction,
        )
        roots.is_growing[copy] = tree._growth_allowed
        if tree._n_inactive_leaves != roots.inactive[copy]:
            self._follow(copy, tree)

    def write(self, copy: int, tree: Any) -> None:
        """Make a tree of river what the tree of a copy is."""
        roots = self._forest.trees.roots
        tree.classes = {self._known.classes.known[number] for number in roots.is_known[copy].nonzero()[0].tolist()}
        tree._root = self._writer.node(int(roots.nodes[copy])) if roots.seen[copy] else None
        tree._train_weight_seen_by_model = float(roots.seen[copy])
        tree._n_active_leaves, tree._n_inactive_leaves = int(roots.active[copy]), int(roots.inactive[copy])
        tree._growth_allowed = bool(roots.is_growing[copy])
        (
            tree._active_leaf_size_estimate,
            tree._inactive_leaf_size_estimate,
            tree._size_estimate_overhead_fraction,
        ) = roots.sizes[copy].tolist()

    def _follow(self, copy: int, tree: Any) -> None:
        """Have those leaves active that are so in a tree of river."""
        places = list(self._forest.leaves_of(int(self._forest.trees.roots.nodes[copy])))
        for leaf, river in zip(places, tree._find_leaves(), strict=True):
            if river.is_active() != self._forest.trees.leaves.active[leaf]:
                self._set_active(leaf, copy, is_active=river.is_active())

    def _activate(self, copy: int) -> None:
        """Have all leaves active that are not at the greatest depth."""
        leaves = self._forest.trees.leaves
        if self._forest.trees.roots.inactive[copy]:
            inactive = ((leaves.copies == copy) & ~leaves.active).nonzero()[0].tolist()
            self._set_all(copy, inactive, is_active=True, may=self._is_above_deepest)

    def _set_all(self, copy: int, leaves: list[int], *, is_active: bool, may: Callable[[int], bool]) -> None:
        for leaf in leaves:
            if self._forest.trees.leaves.active[leaf] != is_active and may(leaf):
                self._set_active(leaf, copy, is_active=is_active)

    def _set_active(self, leaf: int, copy: int, *, is_active: bool) -> None:
        """Have a leaf observe, from nothing, or no longer."""
        change = 1 if is_active else -1
        self._forest.forget_features(leaf)
        self._forest.trees.leaves.active[leaf] = is_active
        self._forest.trees.roots.active[copy] += change
        self._forest.trees.roots.inactive[copy] -= change

    def _promise(self, leaf: int) -> float:
        weights = self._forest.classes(leaf).values()
        total = sum(weights)
        return total - max(weights) if total > 0 else 0

    def _is_above_deepest(self, leaf: int) -> bool:
        nodes, leaves = self._forest.trees.nodes, self._forest.trees.leaves
        return bool(nodes.depths[leaves.nodes[leaf]] < self._step.max_depth)
