"""Twins of river's naive Bayes classifiers that count: the Bernoulli and the multinomial one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from models.compiled.arrays import exact, with_room
from models.compiled.classes import Ranking, Ranks, learned_row
from models.compiled.dots import Keys, add_key, keys_of, load_keys
from models.compiled.entry import EXACT
from models.compiled.naive_bayes import LEAST, NaiveBayes, prior
from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.sums import added, compensated
from models.compiled.twin import NoTwin
from schemas.kernel import Flags, FloatGrid, Floats, Places, blank, kernel, log, shared


class Counts(NamedTuple):
    """What was learned of a class: by row, the records `seen` and the sum of all counts; by row and feature, counts."""

    seen: Places
    totals: Floats
    counts: FloatGrid


class Model(NamedTuple):
    """All that was learned; `keys` has the features of a copy."""

    ranks: Ranks
    keys: Keys
    learned: Counts


class Counting(NaiveBayes):
    """Twin of a naive Bayes classifier that counts features by class."""

    def __init__(self) -> None:
        super().__init__()
        self.keys, self.learned = blank(Keys), blank(Counts)

    @property
    def model(self) -> Model:
        """All that was learned, for kernels."""
        return Model(self.classes.ranks, self.keys, self.learned)

    def make_room(self, copies: int, known: Vocabulary) -> None:
        super().make_room(copies, known)
        self.keys = with_room(self.keys, copies, len(known.features))

    def make_row_room(self) -> None:
        self.learned = with_room(self.learned, self.classes.rows, len(self.known.features))

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        numbers = known.features.numbers(step.feature_counts)
        rows = self.classes.load(copy, known, step.class_counts)
        self.make_room(copy + 1, known)
        load_keys(self.keys, copy, numbers)
        for row, (label, seen) in zip(rows.tolist(), step.class_counts.items(), strict=True):
            self.learned.seen[row] = seen
            self.learned.counts[row, numbers] = [
                exact(counts.get(label, 0), EXACT) for counts in step.feature_counts.values()
            ]

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        numbers = keys_of(self.keys, copy)
        by_feature = [step.feature_counts[known.features.known[number]] for number in numbers.tolist()]
        for label, row in self.classes.stored(copy, known).items():
            step.class_counts[label] = int(self.learned.seen[row])
            for counts, count in zip(by_feature, self.learned.counts[row, numbers].tolist(), strict=True):
                if count:
                    counts[label] = _whole(count)


def _whole(count: float) -> float:
    """A count as a whole number where it is one, as river's are that were counted."""
    return int(count) if count.is_integer() else count


class BernoulliNB(Counting):
    """Twin of `naive_bayes.BernoulliNB`."""

    def __init__(self, step: Any) -> None:
        super().__init__()
        self._alpha, self._threshold = float(step.alpha), float(step.true_threshold)
        if not 0.0 <= self._alpha < EXACT:
            raise NoTwin(f"has an alpha of {step.alpha}")
        if not abs(self._threshold) < EXACT:
            raise NoTwin(f"has a true_threshold of {step.true_threshold}")

    def learn_rows(self, lesson: Lesson, joint: Ranking) -> bool:
        is_on = np.zeros(len(self.known.features), np.bool_)
        _learn_bernoulli(lesson, self.model, Smoothing(self._alpha, self._threshold), is_on, joint)
        return True


class Smoothing(NamedTuple):
    """What is added to each count, and the number above which a feature is on."""

    alpha: float
    threshold: float


@shared
def _log_bernoulli(copy: int, row: int, model: Model, alpha: float, is_on: Flags) -> float:
    keys, counts = model.keys, model.learned.counts[row]
    seen = model.learned.seen[row] + alpha * 2.0
    total, losses = 0.0, 0.0
    for place in range(keys.counts[copy]):
        feature = keys.order[copy, place]
        p = (counts[feature] + alpha) / seen
        total, losses = added(total, losses, log(LEAST + (p if is_on[feature] else 1.0 - p)))
    return compensated(total, losses)


@kernel
def _learn_bernoulli(lesson: Lesson, model: Model, smoothing: Smoothing, is_on: Flags, joint: Ranking) -> None:
    before, after, ranks = lesson.before, lesson.after, model.ranks
    for record in range(len(lesson.learns)):
        copy = lesson.copies[record]
        prior(record, copy, ranks, model.learned.seen, joint)
        cells = range(before.bounds[record], before.bounds[record + 1])
        for cell in cells:
            is_on[before.ids[cell]] = before.values[cell] > smoothing.threshold
        for place in range(ranks.known[copy]):
            said = _log_bernoulli(copy, ranks.rows[copy, place], model, smoothing.alpha, is_on)
            joint.values[record, place] += said
        for cell in cells:
            is_on[before.ids[cell]] = False
        if not lesson.learns[record]:
            continue
        row = learned_row(ranks, copy, int(lesson.y[record]))
        model.learned.seen[row] += 1
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            add_key(model.keys, copy, after.ids[cell])
            if after.values[cell] > smoothing.threshold:
                model.learned.counts[row, after.ids[cell]] += 1.0


class MultinomialNB(Counting):
    """Twin of `naive_bayes.MultinomialNB`."""

    may_fail = True
    exact_below = EXACT

    def __init__(self, step: Any) -> None:
        super().__init__()
        self._alpha = float(step.alpha)

    def learn_rows(self, lesson: Lesson, joint: Ranking) -> bool:
        return bool(_learn_multinomial(lesson, self.model, self._alpha, joint))

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        super().load(copy, known, step)
        for label, row in self.classes.stored(copy, known).items():
            self.learned.totals[row] = exact(step.class_totals[label], EXACT)

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        super().store(copy, known, step)
        for label, row in self.classes.stored(copy, known).items():
            step.class_totals[label] = _whole(float(self.learned.totals[row]))


@shared
def _log_multinomial(
    cells: Cells, record: int, row: int, model: Model, smooth: tuple[float, float]
) -> tuple[float, bool]:
    """The logarithm, and whether Python could take it; `smooth` is added to a count, and to the sum of all."""
    total, losses = 0.0, 0.0
    everything = model.learned.totals[row]
    if not abs(everything) < EXACT:
        return 0.0, False
    everything += smooth[1]
    for cell in range(cells.bounds[record], cells.bounds[record + 1]):
        count = model.learned.counts[row, cells.ids[cell]]
        p = (count + smooth[0]) / everything
        if not abs(count) < EXACT or everything == 0.0 or p <= 0.0:
            return 0.0, False
        total, losses = added(total, losses, cells.values[cell] * log(p))
    return compensated(total, losses), True


@kernel
def _learn_multinomial(lesson: Lesson, model: Model, alpha: float, joint: Ranking) -> bool:
    """Whether river would have come through: Python raises an error where there is no logarithm."""
    after, ranks = lesson.after, model.ranks
    for record in range(len(lesson.learns)):
        copy = lesson.copies[record]
        prior(record, copy, ranks, model.learned.seen, joint)
        smooth = alpha, alpha * model.keys.counts[copy]
        for place in range(ranks.known[copy]):
            said, is_said = _log_multinomial(lesson.before, record, ranks.rows[copy, place], model, smooth)
            if not is_said:
                return False
            joint.values[record, place] += said
        if not lesson.learns[record]:
            continue
        row = learned_row(ranks, copy, int(lesson.y[record]))
        model.learned.seen[row] += 1
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            feature, count = after.ids[cell], after.values[cell]
            add_key(model.keys, copy, feature)
            model.learned.counts[row, feature] += count
            model.learned.totals[row] += count
            if not (abs(model.learned.counts[row, feature]) < EXACT and abs(model.learned.totals[row]) < EXACT):
                return False
    return True
