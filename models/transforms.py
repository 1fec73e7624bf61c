"""The transformer stages in front of the estimator, beside it, or without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.copies import Copies
from models.failure import LEARN, TRANSFORM, LearnFailed, refuse
from models.filtering import Filtered
from models.outcome import Batch, Outcome
from models.stage import Stage
from models.stateless import is_stateless
from schemas.errors import BadRecord, Fatal, Retryable


class Transforms:
    """Transformer stages, each behind the one that it reads: each learns from a record and then transforms it.

    `inputs` names the stage that each of them reads, and `lead` the one that the estimator reads; what is no stage is
    the record. `learns` says whether any of them has a state, and `are_some_stateless` whether any has none.
    """

    def __init__(self, stages: Sequence[Stage], inputs: Mapping[str, str], lead: str | None) -> None:
        self.stages = [Copies(stage) for stage in stages]
        self.names = [stage.name for stage in stages]
        self.inputs = [read if (read := inputs[name]) in self.names else None for name in self.names]
        self.lead = lead if lead in self.names else None
        stateless = [is_stateless(stage.pipeline) for stage in stages]
        self.learns, self.are_some_stateless = not all(stateless), any(stateless)

    def __len__(self) -> int:
        return len(self.stages)

    def run(self, batch: Batch, outcome: Outcome) -> None:
        """Pass all records through, where there is no estimator to lead."""
        if not self.stages:
            return  # nor need there be a dictionary for each record
        for index, record in enumerate(batch.records):
            if not isinstance(record, BadRecord):
                self.run_one(index, record, outcome)

    def run_one(self, index: int, record: dict[str, Any], outcome: Outcome) -> Any:
        """What the estimator is given of a record, None if it was rejected or filtered out. Raises LearnFailed."""
        given: dict[str | None, Any] = {None: record}
        spoiled, doing, node = False, TRANSFORM, ""
        try:
            for copies, read in zip(self.stages, self.inputs, strict=True):
                x = given.get(read)
                if x is None:
                    continue
                node, doing = copies.stage.name, TRANSFORM
                course = copies.course(copies.key_of(record))
                found = outcome.found.get(node)
                try:
                    if found is not None:
                        x = course.model.append(x, found[index])
                    else:
                        for transform in course.head:
                            x = transform(x)
                except Filtered:
                    outcome.filtered.append((index, node))
                    continue
                if course.learns:
                    course.examine(x)
                    spoiled, doing = True, LEARN
                    course.learn(x)
                    doing = TRANSFORM
                    x = course.transform(x)
                if course.settle:
                    course.settle(outcome)
                outcome.features[node][index] = given[node] = x
        except (LearnFailed, Retryable, Fatal):
            raise
        except Exception as cause:  # noqa: BLE001 - the boundary around user code
            outcome.reject(index, refuse(index, node, doing, cause, spoiled=spoiled))
            return None
        return given.get(self.lead)
