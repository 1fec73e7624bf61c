"""Which steps of a stage have a compiled twin, and whether the stage is compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.compiled.chain import parts
from models.compiled.forms import steps_of
from models.compiled.front import Front, chooser
from models.compiled.learner import CompiledLearner
from models.compiled.pipeline import CompiledPipeline
from models.compiled.twin import NoTwin
from models.compiled.twins import why_none
from models.fields import Fields, Unknown, described
from models.stage import Kind, Stage
from schemas.fields import plain_type

BY_RECORD = "goes record by record, in front of what is compiled"
_TEXTS = frozenset({"string", "enum"})
_NUMBERS = frozenset({"int", "long", "float", "double", "boolean"})
_WORDS = _TEXTS | {"int", "long", "boolean"}


@dataclass(frozen=True)
class Choice:
    """The steps of a stage by name, each with the reason why it has no twin, None where it has one.

    Steps in front of all that learns need none: they go `BY_RECORD`. `reason` says why the stage is not compiled, None
    where it is: all of it is, or nothing.
    """

    steps: tuple[tuple[str, str | None], ...]
    reason: str | None


def choose(stage: Stage, fields: Fields) -> Choice:
    """How a stage goes about records of these fields, which are all but the label.

    >>> from river import linear_model, preprocessing
    >>> model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    >>> choose(Stage("model", model, label="late"), {"delay": "double"})
    Choice(steps=(('StandardScaler', None), ('LogisticRegression', None)), reason=None)
    >>> choose(Stage("model", model, label="late"), {"carrier": "string"}).reason
    'StandardScaler takes numbers, and "carrier" is text'
    """
    front, behind = steps_of(stage.pipeline)
    steps = tuple((type(step).__name__, None if chooser(step) else BY_RECORD) for step in front)
    named = tuple((type(step).__name__, why_none(step)) for step in _leaves(behind))
    lacking = next((reason for _, reason in named if reason), None)
    return Choice(steps + named, lacking or _whole_reason(stage) or _fields_reason(stage, fields))


def compiled_learner(stage: Stage) -> CompiledLearner | None:
    """The compiled form of an estimator stage, None where it has none."""
    if _whole_reason(stage):
        return None
    try:
        return CompiledLearner(stage)
    except NoTwin:
        return None


def _leaves(step: Any) -> list[Any]:
    """The steps of a pipeline, those in the branches of unions one by one."""
    steps = parts(step)
    return [step] if steps == [step] else [leaf for inner in steps for leaf in _leaves(inner)]


def _whole_reason(stage: Stage) -> str | None:
    if stage.kind is Kind.TRANSFORMER:
        return "only pipelines that end in an estimator are compiled"
    if stage.batch is not None:
        return f"learns by learn_many, over batches of {stage.batch}"
    return None


def _fields_reason(stage: Stage, fields: Fields) -> str | None:
    if isinstance(fields, Unknown):
        return "only the data decides which fields there are"
    if stage.label in fields:
        return f'has the label "{stage.label}" among its features'
    front, steps = steps_of(stage.fresh())
    taken = Front(front).fields(fields)
    if isinstance(taken, Unknown):
        return taken.reason
    pipeline = CompiledPipeline(steps)
    found = pipeline.reach(tuple(taken))
    for name in found.examined:
        kinds = _WORDS if name in found.encoded else _NUMBERS | _WORDS
        if plain_type(taken[name]) not in kinds or "timestamp" in described(taken[name]):
            return f'field "{name}" is a {described(taken[name])}, which no twin takes there'
    try:
        pipeline.expect({name: name in found.encoded or plain_type(taken[name]) in _TEXTS for name in found.examined})
    except NoTwin as why:
        return str(why)
    return None
