"""Twin of river's Hoeffding tree for numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from river import linear_model
from river.tree.nodes.htr_nodes import LeafModel
from river.tree.splitter import EBSTSplitter, TEBSTSplitter
from river.tree.splitter.nominal_splitter_reg import NominalSplitterReg

from models.compiled.linear import LinearModel
from models.compiled.rows import Lesson, Vocabulary
from models.compiled.trees.regression.forest import RegressionForest
from models.compiled.trees.regression.growing import RegressionGrower
from models.compiled.trees.regression.learning import learn
from models.compiled.trees.regression.objects import RegressionWriter
from models.compiled.trees.regression.rounding import MOST_DIGITS, WHOLE
from models.compiled.trees.regression.state import ADAPTIVE, MEAN_ONLY, MODEL_ONLY, Design, Desk
from models.compiled.trees.state import AT, DONE, EVENT, FAILED, NODE
from models.compiled.trees.tree import LARGEST, HoeffdingTree, learned_cells
from models.compiled.twin import Answers, Features, NoTwin, RiverRaised

_PREDICTIONS = {"mean": MEAN_ONLY, "model": MODEL_ONLY, "adaptive": ADAPTIVE}


class HoeffdingTreeRegressor(HoeffdingTree):
    """Twin of `tree.HoeffdingTreeRegressor` that observes numbers by extended binary search trees."""

    def __init__(self, step: Any) -> None:
        splitter = type(step.splitter)
        if splitter not in (EBSTSplitter, TEBSTSplitter):
            raise NoTwin(f"observes numbers by {splitter.__name__}")
        if splitter is TEBSTSplitter and step.splitter.digits not in range(MOST_DIGITS + 1):
            raise NoTwin(f"rounds numbers to {step.splitter.digits} digits")
        models = None if step.leaf_prediction == "mean" else _models(step)
        super().__init__(step, RegressionForest(models))
        self._design = _design(step, models)

    def expect(self, features: Features) -> Features:
        for name, is_text in features.items():
            if is_text and self._forest.models:
                raise NoTwin(f'{self.name} has models in its leaves that take numbers, and "{name}" is text')
        return super().expect(features)

    def learn(self, lesson: Lesson) -> Answers | None:
        """Raises RiverRaised."""
        if not self._can_take(lesson):
            return None
        worded = self._with_words(lesson)
        desk, said = self._desk(is_same=lesson.before is lesson.after), np.zeros(len(lesson.y))
        grower = self._grower()
        while True:
            learn(worded, lesson, self._forest.trees, self._design, desk, said)
            if desk.turn[EVENT] == DONE:
                return Answers(said)
            record = int(desk.turn[AT])
            try:
                if desk.turn[EVENT] == FAILED:
                    self._fail(lesson, record, grower, int(desk.turn[NODE]))
                self._attend(worded, grower, desk)
            except Exception as cause:
                raise RiverRaised(record, cause) from cause
            desk = desk._replace(sums=self._sums())

    def _fail(self, lesson: Lesson, record: int, grower: RegressionGrower, node: int) -> None:
        """Have river fail to learn a record, so that its own error tells where."""
        cells = slice(lesson.after.bounds[record], lesson.after.bounds[record + 1])
        names = [self._known.features.known[number] for number in lesson.after.ids[cells].tolist()]
        x = dict(zip(names, lesson.after.values[cells].tolist(), strict=True))
        grower.leaf(node).learn_one(x, float(lesson.y[record]), tree=self._step)
        raise OverflowError("river has learned what is too large to square")

    def _meet(self, known: Vocabulary, step: Any) -> None:
        super()._meet(known, step)
        for leaf in () if step._root is None else step._root.iter_leaves():
            if isinstance(leaf, LeafModel):
                known.features.numbers(leaf._leaf_model.weights)

    def _grower(self) -> RegressionGrower:
        writer = RegressionWriter(self._forest, self._known, self._nominal_numbers(), self._step)
        return RegressionGrower(self._forest, self._known, writer, self._step)

    def _can_hold(self, leaf: Any) -> bool:
        """Its features are to be as nominal as ours; their values have river's order, that of a dictionary."""
        return isinstance(leaf, LeafModel) == bool(self._forest.models) and all(
            isinstance(observer, NominalSplitterReg) == self._is_nominal(name)
            for name, observer in (leaf.splitters or {}).items()
        )

    def _can_take(self, lesson: Lesson) -> bool:
        """Whether labels are not too large, and numbers can be rounded, and are some where they are nominal."""
        if not (np.abs(lesson.y[lesson.learns]) <= LARGEST).all():
            return False
        learned, asked = lesson.after.values[learned_cells(lesson)], lesson.before.values
        if self._nominal and not (np.isfinite(learned).all() and np.isfinite(asked).all()):
            return False
        digits = self._design.digits
        large = learned[np.abs(learned) >= 0.5 * WHOLE / digits] if digits else learned[:0]
        return bool((np.floor(large) == large).all())

    def _desk(self, *, is_same: bool) -> Desk:
        lefts, rights = np.zeros((2, len(self._known.features) + 1, 3))
        return Desk(lefts=lefts, rights=rights, **self._room(is_same=is_same))


def _models(step: Any) -> LinearModel:
    """The models of leaves. Raises NoTwin."""
    model = step.leaf_model
    if type(model) is not linear_model.LinearRegression:
        raise NoTwin(f"has leaves with {type(model).__name__}")
    if model.optimizer.n_iterations:
        raise NoTwin("has leaves with a model that has learned before")
    return LinearModel(model)


def _design(step: Any, models: LinearModel | None) -> Design:
    digits = getattr(step.splitter, "digits", None)
    return Design(
        prediction=_PREDICTIONS[step.leaf_prediction],
        grace_period=float(step.grace_period),
        log_confidence=math.log(1.0 / step.delta),
        tau=float(step.tau),
        max_depth=int(step.max_depth),
        decay=float(step.model_selector_decay),
        least=float(step.min_samples_split),
        digits=0.0 if digits is None else 10.0**digits,
        prunes=bool(step.merit_preprune),
        drops_poor=bool(step.remove_poor_attrs),
        estimate_period=float(step.memory_estimate_period),
        model=(models or LinearModel(linear_model.LinearRegression())).design,
    )
