"""Twin of river's Hoeffding tree for classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from river.tree.splitter import GaussianSplitter
from river.tree.splitter.nominal_splitter_classif import NominalSplitterClassif

from models.compiled.rows import Lesson, Vocabulary
from models.compiled.trees.classification.forest import ClassForest
from models.compiled.trees.classification.growing import ClassGrower
from models.compiled.trees.classification.learning import Said, learn
from models.compiled.trees.classification.objects import ClassWriter, learn_classes
from models.compiled.trees.classification.state import ADAPTIVE, BAYES, MAJORITY, Design, Desk
from models.compiled.trees.state import DONE, EVENT
from models.compiled.trees.tree import LARGEST, HoeffdingTree, learned_cells
from models.compiled.twin import Answers, NoTwin
from schemas.kernel import Codes

_PREDICTIONS = {"mc": MAJORITY, "nb": BAYES, "nba": ADAPTIVE}


class HoeffdingTreeClassifier(HoeffdingTree):
    """Twin of `tree.HoeffdingTreeClassifier` that observes numbers by `tree.splitter.GaussianSplitter`."""

    takes_classes = True

    def __init__(self, step: Any) -> None:
        if type(step.splitter) is not GaussianSplitter:
            raise NoTwin(f"observes numbers by {type(step.splitter).__name__}")
        if step.split_criterion == "hellinger":
            raise NoTwin("splits by the Hellinger distance")
        super().__init__(step, ClassForest())
        self._design = _design(step)

    def learn(self, lesson: Lesson) -> Answers | None:
        known = self._known
        ranked = _ranked(known)
        if ranked is None or not self._can_take(lesson):
            return None
        lesson = self._with_words(lesson)
        desk, said = self._desk(is_same=lesson.before is lesson.after), _blank_said(len(lesson.y), ranked)
        grower = self._grower()
        while True:
            learn(lesson, self._forest.trees, self._design, desk, said)
            if desk.turn[EVENT] == DONE:
                break
            self._attend(lesson, grower, desk)
            desk = desk._replace(sums=self._sums())
        is_whole = bool((said.order >= 0).all())
        classes = tuple(known.classes.known[number] for number in ranked.tolist())
        return Answers(classes=classes, probabilities=said.probabilities, order=None if is_whole else said.order)

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        super().load(copy, known, step)
        self._forest.trees.roots.is_known[copy, known.classes.numbers(step.classes)] = True

    def _meet(self, known: Vocabulary, step: Any) -> None:
        learn_classes(known, step)
        super()._meet(known, step)

    def _grower(self) -> ClassGrower:
        writer = ClassWriter(self._forest, self._known, self._nominal_numbers(), self._step)
        return ClassGrower(self._forest, self._known, writer, self._step)

    def _can_hold(self, leaf: Any) -> bool:
        """Its features are to be as nominal as ours, its numbers not too large."""
        return all(self._can_observe(name, observer) for name, observer in (leaf.splitters or {}).items())

    def _can_observe(self, name: Any, observer: Any) -> bool:
        if self._is_nominal(name):
            if not isinstance(observer, NominalSplitterClassif) or observer._missing_weight_observed:
                return False
            return _comes_back(observer._att_values)
        if not isinstance(observer, GaussianSplitter):
            return False
        gaussians = observer._att_dist_per_class.values()
        ranges = [*observer._min_per_class.values(), *observer._max_per_class.values()]
        if any(isinstance(each, int) and abs(each) >= self.exact_below for each in ranges):
            return False
        return all(abs(each) <= LARGEST for each in ranges) and all(math.isfinite(each._var._S) for each in gaussians)

    def _can_take(self, lesson: Lesson) -> bool:
        """What is infinite or no number at all, as a scaler gives it that has learned nothing, can be asked about."""
        asked, learned = np.abs(lesson.before.values), np.abs(lesson.after.values[learned_cells(lesson)])
        return not ((asked > LARGEST) & (asked < math.inf)).any() and bool((learned <= LARGEST).all())

    def _desk(self, *, is_same: bool) -> Desk:
        votes, lefts, rights = np.zeros((3, len(self._known.classes)))
        return Desk(votes=votes, lefts=lefts, rights=rights, **self._room(is_same=is_same))


def _comes_back(values: Any) -> bool:
    """Whether what is made of these values has their order, by which river decides between equal splits.

    Of a set, as river has it and `models.ordered` has not, it need not be that.
    """
    made = type(values)()
    for value in values:
        made.add(value)
    return list(made) == list(values)


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
