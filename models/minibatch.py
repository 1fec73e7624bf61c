"""Predict, then learn in batches of exactly N records with river's `learn_many`."""

from __future__ import annotations

from typing import Any

from models.copies import Copies
from models.course import Course
from models.failure import LEARN, PREDICT, TRANSFORM, LearnFailed, refuse
from models.outcome import Batch, Outcome
from models.stage import Stage
from models.transforms import Transforms


class MiniBatchLearner:
    """todo"""

    def __init__(self, stage: Stage) -> None:
        self.copies = Copies(stage)
        self.learned = 0
        self.learned_until = -(1 << 63)

    def run(self, batch: Batch, transforms: Transforms, outcome: Outcome) -> None: ...
