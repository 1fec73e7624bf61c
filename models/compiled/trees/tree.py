"""What the twins of river's Hoeffding trees share, whatever these learn."""

from __future__ import annotations

from abc import abstractmethod
from copy import copy, deepcopy
from typing import Any, TypeVar

import numpy as np

from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.trees.growing import Grower
from models.compiled.trees.nodes import EXACT_BELOW, KINDS, learn_features
from models.compiled.trees.state import AT, ATTEMPT, EVENT, IS_SAME, NEW_WORD, NO_ROOM, NODE
from models.compiled.twin import Estimator, Features, NoTwin
from schemas.kernel import Flags, Floats

T = TypeVar("T", bound="HoeffdingTree")

LARGEST = 1e100
"""Beyond it, squares and their sums may be too large for Python: such frames go by river."""


class HoeffdingTree(Estimator):
    """Twin of a Hoeffding tree. Numbers of nominal features are to it what text is: words."""

    may_fail = True
    exact_below = EXACT_BELOW

    _design: Any

    def __init__(self, step: Any, forest: Any) -> None:
        if not 0.0 < step.delta <= 1.0 or not step.memory_estimate_period > 0:
            raise NoTwin("has a delta or a period with which river fails")
        self._step = step.clone()
        self._nominal = frozenset(step.nominal_attributes or ())
        self._is_text: dict[Any, bool] = {}  # of features that it has met
        self._expected: Features = {}
        self._forest = forest
        self._known = Vocabulary()

    @abstractmethod
    def _grower(self) -> Grower: ...

    @abstractmethod
    def _can_hold(self, leaf: Any) -> bool:
        """Whether arrays can hold a leaf of river."""

    def __deepcopy__(self: T, memo: Any) -> T:
        """Itself: what is left to river is so before anything is learned."""
        return self

    def apart(self: T) -> T:
        other = copy(self)
        other._forest = deepcopy(self._forest)
        return other

    def expect(self, features: Features) -> Features:
        for name, is_text in features.items():
            if self._is_text.get(name, is_text) != is_text:
                raise NoTwin(f'{self.name} has learned of "{name}" as {"a number" if is_text else "text"}')
        self._expected = features
        return features

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self._known = known
        self._forest.make_room(copies, len(known.features), len(known.classes))

    def _attend(self, lesson: Lesson, grower: Grower, desk: Any) -> None:
        """Do what the kernel has stopped for, and have it go on."""
        record, event = int(desk.turn[AT]), desk.turn[EVENT]
        copy = int(lesson.copies[record])
        if event == NO_ROOM:
            self._forest.make_room_for_cells(int(lesson.after.bounds[record + 1] - lesson.after.bounds[record]))
            return
        if event == NEW_WORD:
            feature = self._forest.trees.nodes.features[desk.turn[NODE]]
            cells = slice(lesson.after.bounds[record], lesson.after.bounds[record + 1])
            grower.add_word(desk, copy, int(lesson.after.values[cells][lesson.after.ids[cells] == feature][0]))
            return
        if event == ATTEMPT:
            grower.attempt(self._design, desk)
        if self._forest.trees.roots.seen[copy] % self._design.estimate_period == 0.0:
            grower.estimate_size(copy)
        desk.turn[AT] += 1

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        root = step._root
        self._expect_texts(root)
        if root is not None and not (
            all(type(branch) in KINDS.values() for branch in root.iter_branches())
            and all(map(self._can_hold, root.iter_leaves()))
        ):
            raise NoTwin("has learned what arrays cannot hold")
        self._meet(known, step)
        self.make_room(copy + 1, known)
        node = self._forest.replant(copy)
        roots = self._forest.trees.roots
        roots.is_known[copy] = False
        roots.seen[copy], roots.is_growing[copy] = step._train_weight_seen_by_model, step._growth_allowed
        roots.active[copy], roots.inactive[copy] = step._n_active_leaves, step._n_inactive_leaves
        roots.sizes[copy] = (
            step._active_leaf_size_estimate,
            step._inactive_leaf_size_estimate,
            step._size_estimate_overhead_fraction,
        )
        if root is not None:
            self._grower().reader(copy).node(root, node)

    def _expect_texts(self, root: Any) -> None:
        """What river has observed as nominal without being told to is text."""
        for leaf in () if root is None else root.iter_leaves():
            for name, observer in (leaf.splitters or {}).items():
                if name not in self._nominal:
                    self._is_text.setdefault(name, not observer.is_numeric)

    def _meet(self, known: Vocabulary, step: Any) -> None:
        """Number what a tree of river's has met."""
        learn_features(known, step._root)

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        self._grower().write(copy, step)

    def _is_nominal(self, name: Any) -> bool:
        return name in self._nominal or self._is_text.get(name, False)

    def _nominal_numbers(self) -> frozenset[int]:
        names = self._known.features.known
        return frozenset(number for number, name in enumerate(names) if self._is_nominal(name))

    def _with_words(self, lesson: Lesson) -> Lesson:
        """Numbers of nominal features by their numbers among the words, as text has them."""
        if len(lesson.learns):  # else a column may be taken for numbers that has none but nulls
            self._is_text.update(self._expected)
        numbers = self._nominal_numbers()
        mine = [number for number in numbers if not self._is_text.get(self._known.features.known[number], False)]
        if not mine:
            return lesson
        before = self._worded(lesson.before, mine, np.ones(len(lesson.before.ids), np.bool_))
        after = before if lesson.before is lesson.after else self._worded(lesson.after, mine, learned_cells(lesson))
        return lesson._replace(before=before, after=after)

    def _worded(self, cells: Cells, features: list[int], are_there: Flags) -> Cells:
        values = cells.values.copy()
        for number in features:
            name, places = self._known.features.known[number], (cells.ids == number) & are_there
            distinct, codes = np.unique(values[places], return_inverse=True)
            words = self._known.words.numbers((name, _plain(value)) for value in distinct.tolist())
            values[places] = words[codes]
        return cells._replace(values=values)

    def _room(self, *, is_same: bool) -> dict[str, Any]:
        """What desks of all trees have; `is_same` says that records are the same when predicted and when learned."""
        known = self._known.features.known
        turn = np.zeros(6, np.int64)
        turn[IS_SAME] = is_same
        return {
            "values": np.zeros(len(known)),
            "stamps": np.zeros(len(known), np.int64),
            "is_nominal": np.array([self._is_nominal(name) for name in known], np.bool_),
            "merits": np.zeros(len(known) + 1),
            "points": np.zeros(len(known) + 1),
            "is_split": np.zeros(len(known) + 1, np.bool_),
            "sums": self._sums(),
            "turn": turn,
        }

    def _sums(self) -> Floats:
        """Room for the sums of all nodes above another one, twice."""
        return np.zeros(2 * (int(self._forest.trees.nodes.depths.max(initial=0)) + 3))


def learned_cells(lesson: Lesson) -> Flags:
    """Which cells are learned from: in others there may be anything."""
    flags: Flags = np.repeat(lesson.learns, np.diff(lesson.after.bounds))
    return flags


def _plain(value: float) -> float:
    """A whole number as such."""
    return int(value) if value.is_integer() else value
