"""The transformer stages in front of the estimator, or without one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.copies import Copies
from models.failure import LEARN, TRANSFORM, LearnFailed, refuse
from models.filtering import Filtered
from models.outcome import Batch, Outcome
from models.stage import Stage
from models.stateless import is_stateless
from schemas.errors import BadRecord, Fatal, Retryable


class Transforms:
    """Transformer stages in a row: each learns from a record and then transforms it.

    `learns` says whether any of them has a state.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = [Copies(stage) for stage in stages]
        self.names = [stage.name for stage in stages]
        self.learns = not all(is_stateless(stage.pipeline) for stage in stages)

    def __len__(self) -> int:
        return len(self.stages)

    def run(self, batch: Batch, outcome: Outcome) -> None:
        """Pass all records through, where there is no estimator to lead."""
        for index, record in enumerate(batch.records):
            if not isinstance(record, BadRecord):
                self.run_one(index, record, outcome)

    def run_one(self, index: int, record: dict[str, Any], outcome: Outcome) -> Any:
        """The record as the last stage leaves it, None if it was rejected or filtered out. Raises LearnFailed."""
        x: Any = record
        spoiled, doing, node = False, TRANSFORM, ""
        try:
            for copies in self.stages:
                node, doing = copies.stage.name, TRANSFORM
                course = copies.course(copies.key_of(record))
                for transform in course.head:
                    x = transform(x)
                if course.learns:
                    course.examine(x)
                    spoiled, doing = True, LEARN
                    course.learn(x)
                    doing = TRANSFORM
                    x = course.transform(x)
                if course.settle:
                    course.settle(outcome)
                outcome.features[node][index] = x
        except (LearnFailed, Retryable, Fatal):
            raise
        except Filtered:
            outcome.filtered[index] = node
            return None
        except Exception as cause:  # noqa: BLE001 - the boundary around user code
            outcome.reject(index, refuse(index, node, doing, cause, spoiled=spoiled))
            return None
        return x
