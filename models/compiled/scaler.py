"""What the twins of all scalers have in common: they change values, and keep the features as they are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from models.compiled.arrays import with_room
from models.compiled.rows import Lesson, Vocabulary
from models.compiled.twin import NoTwin, Transformer


class Scaler(Transformer):
    """Twin of a scaler. `state` is a named tuple of arrays, of which some do not begin with 0, as `begins` says."""

    state: Any
    begins: Mapping[str, float] = MappingProxyType({})

    def make_room(self, copies: int, known: Vocabulary) -> None:
        self.state = with_room(self.state, copies, len(known.features), **self.begins)

    def learn(self, lesson: Lesson) -> Lesson:
        scaled = lesson.given(np.empty_like(lesson.before.values), np.empty_like(lesson.after.values))
        self.scale(lesson, scaled)
        return scaled

    @abstractmethod
    def scale(self, lesson: Lesson, scaled: Lesson) -> None:
        """Learn, and put the values of the lesson into `scaled`."""


def expect_no_window(step: Any) -> None:
    """Raises NoTwin for a scaler that looks at its latest records only."""
    if step.window_size is not None:
        raise NoTwin("has a window")
