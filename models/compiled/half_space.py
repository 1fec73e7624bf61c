"""Twin of river's half-space trees."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

import numpy as np
from river import anomaly
from river.tree.padded import PaddedBranch, PaddedLeaf

from models.compiled.arrays import with_room
from models.compiled.random_states import RandomStates
from models.compiled.rows import Lesson, Vocabulary
from models.compiled.sight import Sight, look, sight
from models.compiled.twin import Answers, Estimator, NoTwin, RiverRaised
from schemas.kernel import CodeGrid, Codes, Flags, FloatGrid, Floats, Places, blank, kernel, shared

HIGHEST, LARGEST_WINDOW = 20, 1 << 31


class Masses(NamedTuple):
    """What half-space trees have counted, by copy and node: tree behind tree, the children of `n` behind `2n`.

    `latest` are the masses of the window that is being filled, `reference` those of the one before; by copy, `filled`
    is the number of records in the window, `is_ready` whether there was one before, and `forests` the number of the
    forest, -1 before the first record.
    """

    latest: CodeGrid
    reference: CodeGrid
    filled: Places
    is_ready: Flags
    forests: Codes


class Forests(NamedTuple):
    """Where trees split, by forest and branch: copies that grow from one random state share a forest."""

    features: CodeGrid
    thresholds: FloatGrid


class State(NamedTuple):
    """All that half-space trees have learned."""

    masses: Masses
    forests: Forests


class Trees(NamedTuple):
    """The trees of one copy."""

    features: Codes
    thresholds: Floats
    latest: Codes
    reference: Codes


class Shape(NamedTuple):
    """The hyperparameters of half-space trees, and what follows from them."""

    trees: int
    height: int
    branches: int
    nodes: int
    window: int
    size_limit: float
    max_score: float


class HalfSpaceTrees(Estimator):
    """Twin of `anomaly.HalfSpaceTrees`: river grows the trees, and what falls into them is counted here."""

    exact_below = 1 << 53  # river compares whole numbers as such

    def __init__(self, step: Any) -> None:
        if not all(isinstance(number, int) for number in (step.n_trees, step.height, step.window_size)):
            raise NoTwin("has a size that is no whole number")
        if step.n_trees < 1 or not 1 <= step.height <= HIGHEST:
            raise NoTwin(f"has no trees, or trees that are not between 1 and {HIGHEST} high")
        if not 1 <= step.window_size < LARGEST_WINDOW:
            raise NoTwin(f"has a window of {step.window_size} records")
        branches = (1 << step.height) - 1
        size_limit, max_score = step.size_limit, float(step._max_score)
        self._shape = Shape(
            step.n_trees, step.height, branches, 2 * branches + 1, step.window_size, size_limit, max_score
        )
        self._limits = dict(step.limits)
        self.state = State(blank(Masses), blank(Forests))
        self._numbers: dict[tuple[bytes, bytes], int] = {}  # of forests, by where they split
        self._random = RandomStates(step.rng)

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self._known = known.features
        masses = with_room(self.state.masses, copies, self._shape.trees * self._shape.nodes, forests=-1)
        self.state = State(masses, self.state.forests)

    def learn(self, lesson: Lesson) -> Answers | None:
        scores, start = np.empty(len(lesson.learns)), 0
        seen = sight(len(self._known))
        while (start := _learn(lesson, self.state, self._shape, seen, scores, start)) < len(scores):
            ids = lesson.after.ids[lesson.after.bounds[start] : lesson.after.bounds[start + 1]]
            try:
                self._plant(int(lesson.copies[start]), tuple(self._known.known[feature] for feature in ids.tolist()))
            except Exception as cause:
                raise RiverRaised(start, cause) from cause
        return Answers(scores)

    def _plant(self, copy: int, names: tuple[Any, ...]) -> None:
        """Give a copy its trees, for records of these features."""

        def grow(rng: Random) -> int:
            step = anomaly.HalfSpaceTrees(shape.trees, shape.height, shape.window, self._limits)
            step.rng = rng
            step.learn_one(dict.fromkeys(names, 0.0))
            return self._forest(_in_levels(step.trees))

        shape = self._shape
        self.state.masses.forests[copy] = self._random.draw(copy, names, grow)

    def _forest(self, nodes: list[Any]) -> int:
        """The number of the forest with these nodes."""
        branches = [node for node in nodes if isinstance(node, PaddedBranch)]
        features = self._known.numbers(node.feature for node in branches)
        thresholds = np.array([node.threshold for node in branches])
        number = self._numbers.setdefault((features.tobytes(), thresholds.tobytes()), len(self._numbers))
        forests = with_room(self.state.forests, number + 1, len(branches))
        forests.features[number], forests.thresholds[number] = features, thresholds
        self.state = State(self.state.masses, forests)
        return number

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        self.make_room(copy + 1, known)
        masses = self.state.masses
        self._random.load(copy, step.rng)
        masses.filled[copy], masses.is_ready[copy] = step.counter, not step._first_window
        masses.forests[copy] = masses.latest[copy] = masses.reference[copy] = 0
        if not step.trees:
            masses.forests[copy] = -1
            return
        nodes = _in_levels(step.trees)
        masses.forests[copy] = self._forest(nodes)
        masses.latest[copy] = [node.l_mass for node in nodes]
        masses.reference[copy] = [node.r_mass for node in nodes]

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        masses, forests, shape = *self.state, self._shape
        self._random.store(copy, step.rng)
        step.counter, step._first_window = int(masses.filled[copy]), not masses.is_ready[copy]
        forest, step.trees = masses.forests[copy], []
        for tree in range(shape.trees if forest >= 0 else 0):
            branches = slice(tree * shape.branches, (tree + 1) * shape.branches)
            nodes = slice(tree * shape.nodes, (tree + 1) * shape.nodes)
            names = [known.features.known[feature] for feature in forests.features[forest, branches].tolist()]
            thresholds = forests.thresholds[forest, branches].tolist()
            counted = zip(masses.latest[copy, nodes].tolist(), masses.reference[copy, nodes].tolist(), strict=True)
            step.trees.append(_tree(names, thresholds, list(counted)))
        step._tree_nodes = [list(tree.iter_dfs()) for tree in step.trees]


def _in_levels(trees: list[Any]) -> list[Any]:
    """The nodes of all trees, each tree level by level from the left."""
    found = []
    for tree in trees:
        nodes = [tree]
        for node in nodes:
            nodes += getattr(node, "children", ())
        found += nodes
    return found


def _tree(names: list[Any], thresholds: list[float], masses: list[tuple[int, int]]) -> Any:
    """A tree of river's, from what its nodes have in the order of their levels."""
    nodes: list[Any] = [PaddedLeaf(l_mass=latest, r_mass=reference) for latest, reference in masses[len(names) :]]
    level = nodes
    while len(level) > 1:
        first = len(level) // 2 - 1
        places = range(first, 2 * first + 1)
        pairs = zip(level[::2], level[1::2], places, strict=True)
        level = [PaddedBranch(left, right, names[at], thresholds[at], *masses[at]) for left, right, at in pairs]
    return level[0]


@shared
def _next(trees: Trees, split: int, left: int, seen: Sight, number: int) -> int:
    """0 for a record that goes left, 1 for right: to the child with more, where it lacks the feature."""
    feature = trees.features[split]
    if seen.seen[feature] == number:
        return 0 if seen.values[feature] < trees.thresholds[split] else 1
    return 1 if trees.latest[left] < trees.latest[left + 1] else 0


@shared
def _score(trees: Trees, tree: int, shape: Shape, seen: Sight, number: int) -> float:
    root, stem, node, weight, score = tree * shape.nodes, tree * shape.branches, 0, 1.0, 0.0
    for _ in range(shape.height):
        mass = trees.reference[root + node]
        score += mass * weight
        if mass < shape.size_limit:
            return float(score)
        left = 2 * node + 1
        node = left + _next(trees, stem + node, root + left, seen, number)
        weight *= 2.0
    return float(score + trees.reference[root + node] * weight)


@shared
def _count(trees: Trees, tree: int, shape: Shape, seen: Sight, number: int) -> None:
    root, stem, node = tree * shape.nodes, tree * shape.branches, 0
    trees.latest[root] += 1
    for _ in range(shape.height):
        left = 2 * node + 1
        node = left + _next(trees, stem + node, root + left, seen, number)
        trees.latest[root + node] += 1


@shared
def _pivot(trees: Trees) -> None:
    for node in range(len(trees.latest)):
        trees.reference[node] = trees.latest[node]
        trees.latest[node] = 0


@kernel
def _learn(lesson: Lesson, state: State, shape: Shape, seen: Sight, scores: Floats, start: int) -> int:
    """Score and learn the records from `start` on, up to one whose copy has no trees yet; gives its number, or `n`."""
    masses, forests = state.masses, state.forests
    for record in range(start, len(scores)):
        copy = lesson.copies[record]
        forest = masses.forests[copy]
        scores[record] = 0.0
        if forest < 0:
            if lesson.learns[record]:
                return record
            continue
        trees = Trees(forests.features[forest], forests.thresholds[forest], masses.latest[copy], masses.reference[copy])
        if masses.is_ready[copy]:
            look(seen, 2 * record, lesson.before, record)
            total = 0.0
            for tree in range(shape.trees):
                total += _score(trees, tree, shape, seen, 2 * record)
            scores[record] = 1.0 - total / shape.max_score
        if not lesson.learns[record]:
            continue
        look(seen, 2 * record + 1, lesson.after, record)
        for tree in range(shape.trees):
            _count(trees, tree, shape, seen, 2 * record + 1)
        masses.filled[copy] += 1
        if masses.filled[copy] == shape.window:
            _pivot(trees)
            masses.filled[copy] = 0
            masses.is_ready[copy] = True
    return len(scores)
