"""Twin of river's incremental k-means."""

from __future__ import annotations

import math
from random import Random
from typing import Any, NamedTuple

import numpy as np

from models.compiled.arrays import with_room
from models.compiled.random_states import RandomStates
from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.sight import Sight, look, sight
from models.compiled.sums import added, compensated
from models.compiled.twin import Answers, Estimator, NoTwin
from schemas.kernel import CodeGrid, Codes, FlagGrid, FloatGrid, Floats, Places, blank, kernel, power, shared

FAILED = -1


class Centers(NamedTuple):
    """Where centers are, by center and feature; those of a copy are one behind the other.

    `known` says which features a center has met, and the first `sizes`, by center, of `order` in which order.
    """

    positions: FloatGrid
    known: FlagGrid
    order: CodeGrid
    sizes: Places


class Design(NamedTuple):
    """The hyperparameters of k-means."""

    clusters: int
    halflife: float
    p: float


class Begin(NamedTuple):
    """Where to go on: twice the number of a record, and 1 more if it has been predicted.

    `changes` says whether records are others when they are learned.
    """

    at: int
    changes: bool


class KMeans(Estimator):
    """Twin of `cluster.KMeans` as `models.ordered` has it: Python draws the centers when a feature is first seen."""

    may_fail = True  # Python raises an error where a power is too large

    def __init__(self, step: Any) -> None:
        if step.n_clusters < 1:
            raise NoTwin("has no clusters")
        if not step.p > 0:
            raise NoTwin(f"has a p of {step.p}")
        self._design = Design(int(step.n_clusters), float(step.halflife), float(step.p))
        self._normal = step.mu, step.sigma
        self.state = blank(Centers)
        self._random = RandomStates(step._rng)

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self._features = len(known.features)
        self.state = with_room(self.state, copies * self._design.clusters, self._features)

    def learn(self, lesson: Lesson) -> Answers | None:
        closest, start = np.empty(len(lesson.learns), np.int64), 0
        seen, changes = sight(self._features), lesson.before is not lesson.after
        while (start := _learn(lesson, self.state, self._design, seen, closest, Begin(start, changes))) != 2 * len(
            closest
        ):
            if start == FAILED:
                return None
            record, is_after = divmod(start, 2)
            cells = lesson.after if is_after else lesson.before
            self._meet(int(lesson.copies[record]), cells.ids[cells.bounds[record] : cells.bounds[record + 1]])
        return Answers(closest)

    def _meet(self, copy: int, features: Codes) -> None:
        """Draw where the centers of a copy are, along those of the features that they have not met."""

        def normal(rng: Random) -> list[float]:
            return [rng.gauss(*self._normal) for _ in range(count)]

        state = self.state
        new = {center: features[~state.known[center, features]] for center in self._centers(copy)}
        count = sum(map(len, new.values()))
        drawn = np.array(self._random.draw(copy, count, normal))
        for center, unmet in new.items():
            place, drawn = drawn[: len(unmet)], drawn[len(unmet) :]
            self._put(center, unmet, place)

    def _put(self, center: int, features: Codes, place: Floats) -> None:
        """Add features to a center."""
        state = self.state
        size = state.sizes[center]
        state.order[center, size : size + len(features)] = features
        state.sizes[center] += len(features)
        state.known[center, features], state.positions[center, features] = True, place

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        met = [known.features.numbers(center) for center in step.centers.values()]
        self.make_room(copy + 1, known)
        self._random.load(copy, step._rng)
        for center, features, place in zip(self._centers(copy), met, step.centers.values(), strict=True):
            self.state.known[center] = False
            self.state.sizes[center] = 0
            self._put(center, features, np.array(list(place.values()), np.float64))

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        self._random.store(copy, step._rng)  # in place: the centers draw from it
        for center, place in zip(self._centers(copy), step.centers.values(), strict=True):
            features = self.state.order[center, : self.state.sizes[center]]
            names = [known.features.known[feature] for feature in features.tolist()]
            place.clear()
            place.update(zip(names, self.state.positions[center, features].tolist(), strict=True))

    def _centers(self, copy: int) -> range:
        return range(copy * self._design.clusters, (copy + 1) * self._design.clusters)


@shared
def _lacks(state: Centers, centers: range, cells: Cells, record: int) -> bool:
    """Whether a center has not met a feature of a record."""
    for center in centers:
        for cell in range(cells.bounds[record], cells.bounds[record + 1]):
            if not state.known[center, cells.ids[cell]]:
                return True
    return False


@shared
def _distance(state: Centers, center: int, seen: Sight, number: int, design: Design) -> float:
    """Minkowski's, without the root; negative where Python cannot raise a difference to the power."""
    total, losses = 0.0, 0.0
    for place in range(state.sizes[center]):
        feature = state.order[center, place]
        x = seen.values[feature] if seen.seen[feature] == number else 0.0
        difference = abs(state.positions[center, feature] - x)
        term = power(difference, design.p)
        if term == math.inf and difference < math.inf:
            return -1.0
        total, losses = added(total, losses, term)
    return compensated(total, losses)


@shared
def _closest(state: Centers, first: int, seen: Sight, number: int, design: Design) -> int:
    """Which center from `first` on is closest, the first one of equals; FAILED where Python raises an error."""
    closest, shortest = 0, 0.0
    for cluster in range(design.clusters):
        distance = _distance(state, first + cluster, seen, number, design)
        if distance < 0.0:
            return FAILED
        if cluster == 0 or distance < shortest:
            closest, shortest = cluster, distance
    return closest


@kernel
def _learn(lesson: Lesson, state: Centers, design: Design, seen: Sight, closest: Places, begin: Begin) -> int:
    """Predict and learn the records; gives where it stopped, as `Begin.at` has it.

    That is where centers have not met a feature, or at the end; FAILED where Python raises an error.
    """
    before, after = lesson.before, lesson.after
    for record in range(begin.at // 2, len(closest)):
        first = lesson.copies[record] * design.clusters
        centers = range(first, first + design.clusters)
        if 2 * record >= begin.at:
            if _lacks(state, centers, before, record):
                return 2 * record
            look(seen, 2 * record, before, record)
            closest[record] = _closest(state, first, seen, 2 * record, design)
            if closest[record] == FAILED:
                return FAILED
        if not lesson.learns[record]:
            continue
        if _lacks(state, centers, after, record):
            return 2 * record + 1
        nearest = closest[record]
        if begin.changes:
            look(seen, 2 * record + 1, after, record)
            nearest = _closest(state, first, seen, 2 * record + 1, design)
            if nearest == FAILED:
                return FAILED
        position = state.positions[first + nearest]
        for cell in range(after.bounds[record], after.bounds[record + 1]):
            feature = after.ids[cell]
            position[feature] += design.halflife * (after.values[cell] - position[feature])
    return 2 * len(closest)
