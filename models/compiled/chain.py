"""Twins of pipelines and unions of transformers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from river import compose

from models.compiled.rows import Cells, Lesson, Vocabulary
from models.compiled.twin import Features, NoTwin, Transformer
from schemas.kernel import Places, kernel


class _Several(Transformer):
    """Transformers that are one step together; in river a pipeline, a union, or a list of steps."""

    def __init__(self, twins: Sequence[Transformer]) -> None:
        self.twins = twins
        self.exact_below = min((twin.exact_below for twin in twins), default=math.inf)
        self.finite_below = min((twin.finite_below for twin in twins), default=math.inf)
        self.is_supervised = any(twin.is_supervised for twin in twins)

    def make_room(self, copies: int, known: Vocabulary) -> None:
        for twin in self.twins:
            twin.make_room(copies, known)

    def load(self, copy: int, known: Vocabulary, step: Any) -> None:
        for twin, inner in zip(self.twins, parts(step), strict=True):
            twin.load(copy, known, inner)

    def store(self, copy: int, known: Vocabulary, step: Any) -> None:
        for twin, inner in zip(self.twins, parts(step), strict=True):
            twin.store(copy, known, inner)


class Chain(_Several):
    """Transformers one behind the other: the twin of a `compose.Pipeline` of them."""

    def expect(self, features: Features) -> Features:
        for twin in self.twins:
            features = twin.expect(features)
        return features

    def learn(self, lesson: Lesson) -> Lesson:
        for twin in self.twins:
            lesson = twin.learn(lesson)
        return lesson


class Union(_Several):
    """Twin of `compose.TransformerUnion`: each record through all branches, the last one's features first, as in river.

    It takes no branches that give a feature of the same name.
    """

    def expect(self, features: Features) -> Features:
        merged: dict[Any, bool] = {}
        for branch in reversed(self.twins):
            given = branch.expect(features)
            for name in given:
                if name in merged:
                    raise NoTwin(f'two branches of a union give "{name}"')
            merged.update(given)
        return merged

    def learn(self, lesson: Lesson) -> Lesson:
        given = [branch.learn(lesson) for branch in reversed(self.twins)]
        before = _beside([each.before for each in given])
        if all(each.after is each.before for each in given):
            return lesson._replace(before=before, after=before)
        return lesson._replace(before=before, after=_beside([each.after for each in given]))


def parts(step: Any) -> list[Any]:
    """The steps of a pipeline, the branches of a union, or what is neither."""
    if isinstance(step, list):
        return step
    if type(step) is compose.Pipeline:
        return list(step.steps.values())
    return list(step.transformers.values()) if type(step) is compose.TransformerUnion else [step]


def _beside(parts: Sequence[Cells]) -> Cells:
    """The cells of each record side by side.

    >>> some = Cells(np.array([0, 1, 1]), np.array([7], np.int32), np.array([0.5]), np.array([False]))
    >>> more = Cells(np.array([0, 1, 2]), np.array([2, 2], np.int32), np.array([1.0, 2.5]), np.array([True, False]))
    >>> [array.tolist() for array in _beside([some, more])]
    [[0, 2, 3], [7, 2, 2], [0.5, 1.0, 2.5], [False, True, False]]
    """
    bounds = np.sum([part.bounds for part in parts], axis=0)
    end = bounds[-1]
    beside = Cells(bounds, np.empty(end, np.int32), np.empty(end), np.empty(end, np.bool_))
    ends = bounds[:-1].copy()
    for part in parts:
        _append(part, ends, beside)
    return beside


@kernel
def _append(part: Cells, ends: Places, beside: Cells) -> None:
    """Put the cells of each record behind those that it has in `beside`, up to `ends`."""
    for record in range(len(ends)):
        end = ends[record]
        for cell in range(part.bounds[record], part.bounds[record + 1]):
            beside.ids[end] = part.ids[cell]
            beside.values[end] = part.values[cell]
            beside.whole[end] = part.whole[cell]
            end += 1
        ends[record] = end
