"""The state of one shard, and what a record does to it: transform, predict, then learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.learner import NEVER, Learner
from models.minibatch import MiniBatchLearner
from models.outcome import Batch, Outcome, Rejection
from models.prequential import Prequential, prequential
from models.rejects import WINDOW, Rejects
from models.stage import Kind, Stage
from models.stateless import is_stateless
from models.transforms import Transforms
from schemas.errors import Fatal

if TYPE_CHECKING:
    from models.compiled.learner import CompiledLearner

    AnyLearner = Learner | MiniBatchLearner | CompiledLearner

DECODE = "decode"


class Shard:
    """Transformer stages and, optionally, an estimator stage at the end, with all that they have learned.

    `inputs` names the stage that each of them reads, or what is no stage, for the record; without it they are in a row.
    Each transformer stage learns from every record, labelled or not, and then transforms it, so its features include
    the record itself. The estimator predicts first and learns after, where there is a label: the same operations in the
    same order as in a plain river loop, so the predictions are the same to the last bit. With `is_compiled` an
    estimator all of which has a compiled twin goes by that. Pickling a shard gives its snapshot; `notes` is a
    dictionary that travels along, for the operator's own state. `rejects` counts what was rejected, of all records and
    of the last `window`.

    >>> from river import linear_model, preprocessing
    >>> model = preprocessing.StandardScaler() | linear_model.LinearRegression()
    >>> shard = Shard([Stage("model", model, label="y")])
    >>> outcome = shard.apply(Batch([{"a": 1.0, "y": 2.0}, {"a": 2.0, "y": None}, {"a": None, "y": 1.0}], [10, 20, 30]))
    >>> [p and p.count for p in outcome.predictions], shard.learned, shard.learned_until
    ([0, 1, None], 1, 10)
    >>> outcome.rejected[2].error.reason
    'null_feature'
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        window: int = WINDOW,
        inputs: Mapping[str, str] | None = None,
        *,
        is_compiled: bool = False,
    ) -> None:
        for stage in stages[:-1]:
            if stage.kind is not Kind.TRANSFORMER:
                raise Fatal(f'node "{stage.name}": a {stage.kind.value} comes last, but other stages follow')
        if inputs is None:
            inputs = {stage.name: before for stage, before in zip(stages, _before(stages), strict=True)}
        last = stages[-1] if stages and stages[-1].kind is not Kind.TRANSFORMER else None
        self.estimator: AnyLearner | None = None
        self.metrics: Prequential | None = None
        if last is None:
            self.transforms = Transforms(stages, inputs, None)
        else:
            self.transforms = Transforms(stages[:-1], inputs, inputs[last.name])
            self.estimator = _learner(last) if is_compiled else _river_learner(last)
            self.metrics = prequential(last.kind)
        self.rejects = Rejects(window)
        self.notes: dict[str, Any] = {}

    def apply(self, batch: Batch) -> Outcome:
        """Take the records in, in order, and give what came out.

        Raises LearnFailed when a record has left the shard spoiled: restore it before going on.
        """
        outcome = Outcome.blank(len(batch.records), self.transforms.names, batch.found)
        if self.estimator is None:
            self.transforms.run(batch, outcome)
        else:
            self.estimator.run(batch, self.transforms, outcome)
        for index, error in batch.errors.items():
            outcome.reject(index, Rejection(DECODE, error))
        if self.metrics:
            self.metrics.update(outcome.predictions)
        self.rejects.note(len(batch.records), outcome.rejected, batch.uncounted)
        return outcome

    @property
    def learns(self) -> bool:
        """Whether a record changes more than what is counted."""
        return self.estimator is not None or self.transforms.learns

    @property
    def is_in_columns(self) -> bool:
        """Whether the newest frame was learned by compiled twins, and not by river."""
        if self.estimator is None or isinstance(self.estimator, Learner | MiniBatchLearner):
            return False
        return self.estimator.is_in_columns

    @property
    def learned(self) -> int:
        """The number of records that the estimator has learned."""
        return self.estimator.learned if self.estimator else 0

    @property
    def learned_until(self) -> int:
        """The largest event time learned, in ms since the epoch; the smallest 64-bit integer before the first."""
        return self.estimator.learned_until if self.estimator else NEVER

    @property
    def model(self) -> Any:
        """What a scorer needs: the estimator's river object, or a dictionary of them by key; None without one."""
        if self.estimator is None:
            return None
        copies = self.estimator.copies
        return copies.models if copies.stage.key else copies.models[None]

    @property
    def names(self) -> list[str]:
        """The names of its stages, in their order."""
        return [*self.transforms.names, *([self.estimator.stage.name] if self.estimator else [])]

    @property
    def shape(self) -> tuple[list[str], list[str | None], type]:
        """The names of its stages, the stage that each reads, None for the record, and what its estimator learns by."""
        reads = [*self.transforms.inputs, *([self.transforms.lead] if self.estimator else [])]
        return self.names, reads, type(self.estimator)

    def adopt(self, before: Shard) -> None:
        """Take over what stages of the same names have learned in another shard, and the counts and notes of it.

        A stage that learns nothing does from now on what this shard says.

        >>> from river import linear_model, preprocessing
        >>> scaler = Stage("scaled", preprocessing.StandardScaler())
        >>> before, after = Shard([scaler]), Shard([scaler, Stage("model", linear_model.LinearRegression(), label="y")])
        >>> _ = before.apply(Batch([{"a": 2.0}], [0]))
        >>> after.adopt(before)
        >>> after.names, after.transforms.stages[0].models[None].means["a"], after.learned
        (['scaled', 'model'], 2.0, 0)
        """
        learning = [copies for copies in before.transforms.stages if not is_stateless(copies.stage.pipeline)]
        known = {copies.stage.name: copies for copies in learning}
        self.transforms.stages = [known.get(copies.stage.name, copies) for copies in self.transforms.stages]
        if self.estimator and before.estimator and self.names[-1] == before.names[-1]:
            self.estimator, self.metrics = _taken_over(before.estimator, self.estimator), before.metrics
        self.rejects, self.notes = before.rejects, before.notes


def _river_learner(stage: Stage) -> Learner | MiniBatchLearner:
    return MiniBatchLearner(stage) if stage.batch else Learner(stage)


def _learner(stage: Stage) -> AnyLearner:
    from models.compiled.choosing import compiled_learner  # takes a second, and most processes need none

    return compiled_learner(stage) or _river_learner(stage)


def _taken_over(before: AnyLearner, planned: AnyLearner) -> AnyLearner:
    """What `before` has learned, as `planned` goes about it: compiled or not."""
    river = before if isinstance(before, Learner | MiniBatchLearner) else before.river
    if isinstance(planned, Learner | MiniBatchLearner) or isinstance(river, MiniBatchLearner):
        return river
    planned.take_over(river)
    return planned


def _before(stages: Sequence[Stage]) -> list[str]:
    """The name of the stage before each, in a row; the first one reads the record."""
    return ["", *(stage.name for stage in stages[:-1])][: len(stages)]
