"""Twin of river's Hoeffding tree for classes."""

from __future__ import annotations

import math
from copy import copy, deepcopy
from typing import Any

import numpy as np
from river.tree.splitter import GaussianSplitter
from river.tree.splitter.nominal_splitter_classif import NominalSplitterClassif

from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.trees.forest import Forest
from models.compiled.trees.growing import Grower
from models.compiled.trees.learning import Said, learn
from models.compiled.trees.objects import KINDS, Reader, learn_names
from models.compiled.trees.state import (
    ADAPTIVE,
    AT,
    ATTEMPT,
    BAYES,
    DONE,
    EVENT,
    IS_SAME,
    MAJORITY,
    NEW_WORD,
    NO_ROOM,
    NODE,
    Design,
    Desk,
)
from models.compiled.twin import Answers, Estimator, Features, NoTwin
from schemas.kernel import Codes, Flags, Floats

LARGEST = 1e100
"""Beyond it, squares and their sums may be too large for Python: such frames go by river."""
_PREDICTIONS = {"mc": MAJORITY, "nb": BAYES, "nba": ADAPTIVE}


class HoeffdingTreeClassifier(Estimator):
    """Twin of `tree.HoeffdingTreeClassifier` that observes numbers by `tree.splitter.GaussianSplitter`."""

    may_fail = True
    takes_classes = True
    exact_below = 1 << 52  # river subtracts whole numbers as such

    def __init__(self, step: Any) -> None:
        if type(step.splitter) is not GaussianSplitter:
            raise NoTwin(f"observes numbers by {type(step.splitter).__name__}")
        if step.split_criterion == "hellinger":
            raise NoTwin("splits by the Hellinger distance")
        if not 0.0 < step.delta <= 1.0 or not step.memory_estimate_period > 0:
            raise NoTwin("has a delta or a period with which river fails")
        self._step = step.clone()
        self._nominal = frozenset(step.nominal_attributes or ())
        self._is_text: dict[Any, bool] = {}
        self._design = _design(step)
        self._forest = Forest()
        self._known = Vocabulary()

    def __deepcopy__(self, memo: Any) -> HoeffdingTreeClassifier:
        """Itself: records that fail do so before anything is learned from them."""
        return self

    def apart(self) -> HoeffdingTreeClassifier:
        other = copy(self)
        other._forest = deepcopy(self._forest)
        return other

    def expect(self, features: Features) -> Features:
        for name, is_text in features.items():
            if self._is_text.setdefault(name, is_text) != is_text:
                raise NoTwin(f'has learned of "{name}" as {"a number" if is_text else "text"}')
        return features

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self._known = known
        self._forest.make_room(copies, len(known.features), len(known.classes))

    def learn(self, lesson: Lesson) -> Answers | None:
        known = self._known
        ranked = _ranked(known)
        if ranked is None or not self._can_take(lesson):
            return None
        lesson = self._with_words(lesson)
        desk, said = self._desk(is_same=lesson.before is lesson.after), _blank_said(len(lesson.y), ranked)
        grower = Grower(self._forest, known, self._nominal_numbers(), self._step)
        while True:
            learn(lesson, self._forest.trees, self._design, desk, said)
            if desk.turn[EVENT] == DONE:
                break
            self._attend(lesson, grower, desk)
            desk = desk._replace(sums=self._sums())
        is_whole = bool((said.order >= 0).all())
        classes = tuple(known.classes.known[number] for number in ranked.tolist())
        return Answers(classes=classes, probabilities=said.probabilities, order=None if is_whole else said.order)

    def _attend(self, lesson: Lesson, grower: Grower, desk: Desk) -> None:
        """Do what the kernel has stopped for, and have it go on."""
        record, event = int(desk.turn[AT]), desk.turn[EVENT]
        copy = int(lesson.copies[record])
        if event == NO_ROOM:
            self._forest.make_room_for_words(int(lesson.after.bounds[record + 1] - lesson.after.bounds[record]))
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
        if not self._can_hold(step._root):
            raise NoTwin("has learned what arrays cannot hold")
        learn_names(known, step)
        self.make_room(copy + 1, known)
        node = self._forest.replant(copy)
        roots = self._forest.trees.roots
        roots.is_known[copy] = False
        roots.is_known[copy, known.classes.numbers(step.classes)] = True
        roots.seen[copy], roots.is_growing[copy] = step._train_weight_seen_by_model, step._growth_allowed
        roots.active[copy], roots.inactive[copy] = step._n_active_leaves, step._n_inactive_leaves
        roots.sizes[copy] = (
            step._active_leaf_size_estimate,
            step._inactive_leaf_size_estimate,
            step._size_estimate_overhead_fraction,
        )
        if step._root is not None:
            Reader(self._forest, known, copy).node(step._root, node)

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        Grower(self._forest, known, self._nominal_numbers(), self._step).write(copy, step)

    def _can_hold(self, root: Any) -> bool:
        """Whether arrays can hold a tree of river: its features are as nominal as ours, its numbers not too large."""
        if root is None:
            return True
        leaves = [leaf for leaf in root.iter_leaves() if leaf.splitters]
        return all(
            self._can_observe(name, observer) for leaf in leaves for name, observer in leaf.splitters.items()
        ) and all(type(branch) in KINDS.values() for branch in root.iter_branches())

    def _can_observe(self, name: Any, observer: Any) -> bool:
        if self._is_nominal(name):
            if not isinstance(observer, NominalSplitterClassif) or observer._missing_weight_observed:
                return False
            return _comes_back(observer._att_values)
        if not isinstance(observer, GaussianSplitter):
            return False
        gaussians = observer._att_dist_per_class.values()
        ranges = [*observer._min_per_class.values(), *observer._max_per_class.values()]
        return all(abs(each) <= LARGEST for each in ranges) and all(math.isfinite(each._var._S) for each in gaussians)

    def _can_take(self, lesson: Lesson) -> bool:
        """What is infinite or no number at all, as a scaler gives it that has learned nothing, can be asked about."""
        asked, learned = np.abs(lesson.before.values), np.abs(lesson.after.values[_learned(lesson)])
        return not ((asked > LARGEST) & (asked < math.inf)).any() and bool((learned <= LARGEST).all())

    def _is_nominal(self, name: Any) -> bool:
        return name in self._nominal or self._is_text.get(name, False)

    def _nominal_numbers(self) -> frozenset[int]:
        names = self._known.features.known
        return frozenset(number for number, name in enumerate(names) if self._is_nominal(name))

    def _with_words(self, lesson: Lesson) -> Lesson:
        """Numbers of nominal features by their numbers among the words, as text has them."""
        numbers = self._nominal_numbers()
        mine = [number for number in numbers if not self._is_text.get(self._known.features.known[number], False)]
        if not mine:
            return lesson
        before = self._worded(lesson.before, mine, np.ones(len(lesson.before.ids), np.bool_))
        after = before if lesson.before is lesson.after else self._worded(lesson.after, mine, _learned(lesson))
        return lesson._replace(before=before, after=after)

    def _worded(self, cells: Cells, features: list[int], are_there: Flags) -> Cells:
        values = cells.values.copy()
        for number in features:
            name, places = self._known.features.known[number], (cells.ids == number) & are_there
            distinct, codes = np.unique(values[places], return_inverse=True)
            words = self._known.words.numbers((name, _plain(value)) for value in distinct.tolist())
            values[places] = words[codes]
        return cells._replace(values=values)

    def _desk(self, *, is_same: bool) -> Desk:
        features, classes = len(self._known.features), len(self._known.classes)
        turn = np.zeros(6, np.int64)
        turn[IS_SAME] = is_same
        return Desk(
            values=np.zeros(features),
            stamps=np.zeros(features, np.int64),
            is_nominal=np.array([self._is_nominal(name) for name in self._known.features.known], np.bool_),
            votes=np.zeros(classes),
            lefts=np.zeros(classes),
            rights=np.zeros(classes),
            merits=np.zeros(features + 1),
            points=np.zeros(features + 1),
            is_split=np.zeros(features + 1, np.bool_),
            sums=self._sums(),
            turn=turn,
        )

    def _sums(self) -> Floats:
        """Room for the sums of all nodes above another one, twice."""
        return np.zeros(2 * (int(self._forest.trees.nodes.depths.max(initial=0)) + 3))


def _comes_back(values: set[Any]) -> bool:
    """Whether a set that is made of these values has their order, by which river decides between equal splits."""
    made: set[Any] = set()
    for value in values:
        made.add(value)
    return list(made) == list(values)


def _learned(lesson: Lesson) -> Flags:
    """Which cells are learned from: in others there may be anything."""
    flags: Flags = np.repeat(lesson.learns, np.diff(lesson.after.bounds))
    return flags


def _plain(value: float) -> float:
    """A whole number as such."""
    return int(value) if value.is_integer() else value


def _ranked(known: Vocabulary) -> Codes | None:
    """The numbers of classes, sorted as these are; None where Python cannot sort them."""
    labels: list[Any] = known.classes.known
    try:
        return np.array(sorted(range(len(labels)), key=labels.__getitem__), np.int32)
    except TypeError:
        return None


def _blank_said(records: int, ranked: Codes) -> Said:
    shape = records, len(ranked)
    return Said(np.zeros(shape), np.full(shape, -1, np.int32), ranked, np.zeros(len(ranked), np.int32))


def _design(step: Any) -> Design:
    return Design(
        prediction=_PREDICTIONS[step.leaf_prediction],
        is_gini=step.split_criterion == "gini",
        grace_period=float(step.grace_period),
        log_confidence=math.log(1.0 / step.delta),
        tau=float(step.tau),
        bayes_threshold=float(step.nb_threshold),
        max_depth=int(step.max_depth),
        split_points=int(step.splitter.n_splits),
        min_branch_fraction=float(step.min_branch_fraction),
        max_share=float(step.max_share_to_split),
        prunes=bool(step.merit_preprune),
        drops_poor=bool(step.remove_poor_attrs) and step.leaf_prediction == "mc",
        estimate_period=float(step.memory_estimate_period),
    )
