"""The models of a stage in two forms, river's objects and columns, of which one may be ahead of the other."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from copy import copy
from typing import Any

import numpy as np

from models.compiled.arrays import grown
from models.compiled.chain import parts
from models.compiled.front import Front, divided
from models.compiled.pipeline import CompiledPipeline
from models.compiled.rows import Names
from models.compiled.twin import NoTwin
from models.compiled.twins import why_none
from models.learner import Learner
from schemas.kernel import Codes

WORDS = 200_000


class Forms:
    """The models of a learner, one for each key. What has learned in one form goes over to the other when asked for.

    `learner` is the stage by river, for what is the same in both forms; `front` are the steps in front of all that
    learns. After so many new `words` those are forgotten of which nothing was learned. Raises NoTwin where a step has
    no twin.

    >>> from river import linear_model
    >>> from models.stage import Stage
    >>> forms = Forms(Learner(Stage("model", linear_model.LinearRegression(), label="y", key="origin")))
    >>> forms.numbers(["EWR", "JFK", "EWR"]).tolist()
    [0, 1, 0]
    """

    def __init__(self, learner: Learner, words: int = WORDS) -> None:
        self.learner, self._words = learner, words
        front, self._unlearned = steps_of(learner.stage.fresh())
        self.front, self._behind = Front(front), len(front)
        self._compiled = CompiledPipeline(self._unlearned)
        self._compiled.load(0, self._unlearned)
        self._most_words = len(self._compiled.known.words) + words
        self._is_blank = self._compiled.known.is_empty
        self._keys = Names()  # their numbers are those of the copies
        self._ahead = np.zeros(0, np.bool_)  # which copies are new as columns, or have learned, since they were river's
        self._is_river_ahead = True

    def numbers(self, keys: Sequence[Hashable]) -> Codes:
        """The number of the copy for each key; a new key gets a copy that has learned what its author gave it."""
        before = len(self._keys)
        numbers = self._keys.numbers(keys)
        count = len(self._keys)
        if count > before:
            self._ahead = grown(self._ahead, (count,), False)
            self._ahead[before:count] = True
            self._compiled.make_room(count)
            for number in () if self._is_blank else range(before, count):
                self._compiled.load(number, self._unlearned)
        return numbers

    @property
    def is_river_ahead(self) -> bool:
        """Whether river's objects have learned what columns have not."""
        return self._is_river_ahead

    def in_river(self) -> Learner:
        """The models as river's objects."""
        for number in np.flatnonzero(self._ahead).tolist():
            self._compiled.store(number, self._steps(self._keys.known[number]))
        self._ahead[:] = False
        return self.learner

    def in_columns(self) -> CompiledPipeline | None:
        """The models as columns, None where these cannot hold what was learned."""
        is_full = len(self._compiled.known.words) > self._most_words
        if is_full:
            self._begin_anew()
        if self._is_river_ahead:
            keys = list(self.learner.copies.models)
            try:
                for key, number in zip(keys, self.numbers(keys).tolist(), strict=True):
                    self._compiled.load(number, self._steps(key))
            except NoTwin:
                self._ahead[:] = False  # river's objects are
                return None
            self._is_river_ahead = False
        if is_full:
            self._most_words = len(self._compiled.known.words) + self._words
        return self._compiled

    def _begin_anew(self) -> None:
        """Forget all words but those of which something was learned: a hasher, for one, learns nothing of a word."""
        self.in_river()
        self._compiled, self._is_river_ahead = CompiledPipeline(self._unlearned), True

    def learned_in_river(self) -> None:
        """Note that river's objects learn now."""
        self._is_river_ahead = True

    def learned_in_columns(self, compiled: CompiledPipeline, copies: Codes) -> None:
        """Note that these copies, of `compiled` from now on, have learned."""
        self._compiled = compiled
        self._ahead[copies] = True

    def _steps(self, key: Any) -> list[Any]:
        """The steps of a model of river's that have twins."""
        return parts(self.learner.copies.course(key).model)[self._behind :]

    def __getstate__(self) -> dict[str, Any]:
        """River's objects are left out where columns hold the same: they are slow to pickle."""
        if self._is_river_ahead:
            return self.__dict__
        learner = copy(self.learner)
        learner.copies = copy(learner.copies)
        learner.copies.models = {}
        return {**self.__dict__, "learner": learner, "_ahead": np.ones(len(self._keys), np.bool_)}


def steps_of(pipeline: Any) -> tuple[list[Any], list[Any]]:
    """The steps in front of all that learns, and those behind, for which twins are needed."""
    return divided(pipeline, lambda step: why_none(step) is None)
