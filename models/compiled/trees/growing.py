"""What Python does for a tree between records: splitting a leaf, and keeping to river's limit of size."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from river.tree.utils import BranchFactory

from models.compiled.rows import Vocabulary
from models.compiled.trees.nodes import KINDS, Reader, Writer
from models.compiled.trees.state import ASK, AT_MOST, BEST, DECISION, EACH, EQUAL, KEEP, NODE, PRUNE, SPLIT


class Grower(ABC):
    """Grows the trees of a forest; `step` has river's hyperparameters, and `writer` makes river's observers of ours."""

    def __init__(self, forest: Any, known: Vocabulary, writer: Writer, step: Any) -> None:
        self._forest, self._known, self._writer, self._step = forest, known, writer, step

    @abstractmethod
    def decide(self, leaf: int, features: list[int], design: Any, desk: Any) -> tuple[int, int]:
        """What is to become of a leaf, now that all merits are known, and the place of the best; clean it up."""

    @abstractmethod
    def at(self, leaf: int, feature: int, place: int, desk: Any) -> BranchFactory:
        """The split of a number at the point that was found."""

    @abstractmethod
    def reader(self, copy: int) -> Reader:
        """What takes river's objects into the tree of a copy."""

    @abstractmethod
    def promise(self, leaf: int) -> float:
        """How much is to be gained by splitting a leaf."""

    def leaf(self, node: int) -> Any:
        """River's leaf of a node that is one."""
        return self._writer.node(node)

    def attempt(self, design: Any, desk: Any) -> None:
        """Do with a leaf what the kernel has decided, or left to decide."""
        node, decision, place = int(desk.turn[NODE]), int(desk.turn[DECISION]), int(desk.turn[BEST])
        leaf = int(self._forest.trees.nodes.leaves[node])
        features: list[int] = [*([-1] if design.prunes else []), *self._forest.features(leaf)]
        suggested: dict[int, BranchFactory] = {}
        if decision == ASK:
            suggested = self._ask(leaf, features, desk)
            decision, place = self.decide(leaf, features, design, desk)
        copy = int(self._forest.trees.leaves.copies[leaf])
        if decision == PRUNE:
            self._set_active(leaf, copy, is_active=False)
        elif decision == SPLIT:
            feature = features[place]
            self._split(node, copy, feature, suggested.get(place) or self.at(leaf, feature, place, desk))
        if decision != KEEP:
            self.keep_size(copy)

    def _ask(self, leaf: int, features: list[int], desk: Any) -> dict[int, BranchFactory]:
        """What river's observers of nominal features suggest, by place; the merits go to the others'."""
        suggested = {}
        criterion, before = self._step._new_split_criterion(), self._writer.stats(leaf)
        for place, feature in enumerate(features):
            if feature >= 0 and desk.is_nominal[feature]:
                observer = self._writer.observer(leaf, feature)
                suggestion = observer.best_evaluated_split_suggestion(
                    criterion, before, self._known.features.known[feature], self._step.binary_split
                )
                suggested[place] = suggestion
                desk.merits[place], desk.is_split[place] = suggestion.merit, suggestion.feature is not None
        return suggested

    def _split(self, node: int, copy: int, feature: int, suggestion: BranchFactory) -> None:
        """Make a branch of a leaf."""
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
        parent = int(self._forest.trees.nodes.leaves[node])
        heritage, stats = self._forest.heritage(parent), self._writer.stats(parent)
        reader = self.reader(copy)
        reader.branch(node, (number, feature, bound), stats, words)
        nodes, leaves = self._forest.trees.nodes, self._forest.trees.leaves
        for child, given in zip(self._forest.children(node), children, strict=True):
            leaf = int(nodes.leaves[child])
            reader.set_stats(leaf, given)
            leaves.attempted[leaf] = leaves.totals[leaf]
            self._forest.inherit(leaf, heritage)
        self._forest.trees.roots.active[copy] += len(children) - 1

    def add_word(self, desk: Any, copy: int, word: int) -> None:
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
        leaves: list[int] = sorted(self._forest.leaves_of(int(roots.nodes[copy])), key=self.promise)
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

    def _is_above_deepest(self, leaf: int) -> bool:
        nodes, leaves = self._forest.trees.nodes, self._forest.trees.leaves
        return bool(nodes.depths[leaves.nodes[leaf]] < self._step.max_depth)
