"""Predictions without a transport: what is asked and what is served go in, answers come out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Protocol

from engine.scoring.asked import Asked, Instance
from engine.scoring.predictor import Said
from engine.scoring.problem import Unanswerable
from engine.scoring.served import Served, Shard
from models.artifact import FeatureSetRef
from schemas.errors import Retryable
from sinks import FeatureKey, FeatureRow

READ_TIMEOUT_S = 2.0


class Answer(NamedTuple):
    """A prediction, its probabilities where the model has any, who made it, and how old the features read were.

    `ages` maps each feature set that was read to the seconds from its event time to the instant asked about.
    """

    prediction: Any
    probabilities: dict[Any, float] | None
    shard: Shard
    ages: dict[str, float]


class FeatureSource(AbstractAsyncContextManager[Any], Protocol):
    """Where features of entities are read. Raises Retryable when it is away."""

    async def read(self, workflow: str, lookups: Sequence[FeatureKey]) -> list[FeatureRow | None]: ...


class Read(NamedTuple):
    """A feature set that was read for an instance, and its row, if there was one."""

    ref: FeatureSetRef
    row: FeatureRow | None


def answer(served: Served, asked: Asked) -> list[Answer]:
    """Answers from raw features alone. Raises Unanswerable, naming the field at fault."""
    return _answers(served, asked, [()] * len(asked.instances))


def wants_features(served: Served, asked: Asked) -> bool:
    """Whether an answer needs features that the request does not hold."""
    return any(instance.entities and served.newest.inputs.needed(instance) for instance in asked.instances)


async def answer_from(source: FeatureSource, served: Served, asked: Asked) -> list[Answer]:
    """Answers from features read in one round trip for each workflow that writes some, and from raw ones.

    Raises Unanswerable as `answer` does, and Retryable when `source` is away or takes longer than `READ_TIMEOUT_S`.
    """
    needed = [served.newest.inputs.needed(instance) for instance in asked.instances]
    lookups: dict[str, list[FeatureKey]] = {}  # by the workflow whose features they are
    for instance, refs in zip(asked.instances, needed, strict=True):
        for ref in refs:
            lookup = FeatureKey(ref.entity, instance.entities[ref.entity], ref.feature_set)
            lookups.setdefault(ref.workflow or served.card.workflow, []).append(lookup)
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            rows = {workflow: iter(await source.read(workflow, asks)) for workflow, asks in lookups.items()}
    except TimeoutError as error:
        message = f"features could not be read within {READ_TIMEOUT_S:g} s"
        raise Retryable(message, hint="see whether Redis (HEADRACE_REDIS or --redis) is well") from error
    reads = [[Read(ref, next(rows[ref.workflow or served.card.workflow])) for ref in refs] for refs in needed]
    return _answers(served, asked, reads)


class _Question(NamedTuple):
    """What a model is asked about one instance."""

    shard: Shard
    key: Any
    x: dict[str, Any]
    ages: dict[str, float]

    def answer(self, said: Said | None = None) -> Answer:
        """The answer, where it is not known yet what the model says. Raises Unanswerable."""
        prediction, probabilities = said or self.shard.predict(self.key, self.x)
        return Answer(prediction, probabilities, self.shard, self.ages)


def _answers(served: Served, asked: Asked, read: Sequence[Sequence[Read]]) -> list[Answer]:
    if not asked.batch:
        return [_question(served, asked.instances[0], read[0]).answer()]
    questions: list[_Question] = []
    answers: list[Answer] = []
    refused: Unanswerable | None = None
    for instance, reads in zip(asked.instances, read, strict=True):
        try:
            questions.append(_question(served, instance, reads))
        except Unanswerable as problem:
            refused = problem
            break
    try:
        for question, said in zip(questions, _said(questions), strict=True):
            answers.append(question.answer(said))
    except Unanswerable as problem:
        refused = problem
    if refused is not None:
        raise refused.within(f"instances[{len(answers)}]") from refused
    return answers


def _question(served: Served, instance: Instance, reads: Sequence[Read]) -> _Question:
    given: Mapping[str, Any] = instance.features
    found = [(ref, row) for ref, row in reads if row is not None]
    if instance.entities:
        given = served.newest.inputs.merge(instance, [(ref, row.features) for ref, row in found])
    shard, key = served.select(given)
    ages = {ref.name: (instance.at - row.event_time) / 1000 for ref, row in found}
    return _Question(shard, key, shard.inputs.x(given), ages)


def _said(questions: Sequence[_Question]) -> list[Said | None]:
    """What models say that can be asked about several instances at once, None for the others."""
    said: list[Said | None] = [None] * len(questions)
    places: dict[tuple[Shard, Any], list[int]] = {}
    for place, question in enumerate(questions):
        places.setdefault((question.shard, question.key), []).append(place)
    for (shard, key), those in places.items():
        for place, each in zip(those, shard.predict_many(key, [questions[at].x for at in those]), strict=True):
            said[place] = each
    return said
