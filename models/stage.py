"""One pipeline node of a workflow, and what kind of river object it may hold."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from river import base, compose

from models.fronts import check_front, split
from models.ordered import settle_order
from models.pickled import dump, load
from schemas.errors import Fatal


class Kind(Enum):
    """What a pipeline does with a record."""

    TRANSFORMER = "transformer"
    CLASSIFIER = "classifier"
    REGRESSOR = "regressor"
    ANOMALY_DETECTOR = "anomaly detector"
    CLUSTERER = "clusterer"

    @property
    def is_supervised(self) -> bool:
        """Whether it learns from a label."""
        return self in (Kind.CLASSIFIER, Kind.REGRESSOR)


_PARENTS = {
    base.Classifier: Kind.CLASSIFIER,
    base.Regressor: Kind.REGRESSOR,
    base.AnomalyDetector: Kind.ANOMALY_DETECTOR,
    base.Clusterer: Kind.CLUSTERER,
}
_VERBS = {
    "predict_proba_one": Kind.CLASSIFIER,
    "predict_one": Kind.REGRESSOR,
    "score_one": Kind.ANOMALY_DETECTOR,
}


@dataclass(frozen=True)
class Stage:
    """A named pipeline: river's transformers in a row, with at most one estimator, which comes last.

    `label` is the field that holds the outcome, for pipelines that end in a classifier or a regressor; an anomaly
    detector and a clusterer have none, and learn from each record. `key` is the field by whose values there is a model
    each; `batch` asks for `learn_many` over exactly so many labelled records of a
    shard and key at once, which is faster and gives other results than learning one by one; where it fails, no record
    is to blame, and the job stops. Raises Fatal, naming the node, for a pipeline that does not fit.

    >>> from river import linear_model, preprocessing
    >>> model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    >>> Stage("model", model, label="late").kind
    <Kind.CLASSIFIER: 'classifier'>
    >>> Stage("model", preprocessing.StandardScaler(), label="late")
    Traceback (most recent call last):
    ...
    schemas.errors.Fatal: node "model": has label "late", but StandardScaler is neither a classifier nor a regressor
    hint: end the pipeline in one of these, or leave the label out
    """

    name: str
    pipeline: Any
    label: str | None = None
    key: str | None = None
    batch: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.pipeline, type):
            raise Fatal(f'node "{self.name}": {self.pipeline.__name__} is a class', hint="give an instance: call it")
        _check_kind(self)
        _check_front(self)
        if self.batch is not None:
            _check_batch(self)
        _check_pickles(self)

    @cached_property
    def kind(self) -> Kind:
        kind = kind_of(self.pipeline)
        assert kind is not None
        return kind

    def fresh(self) -> Any:
        """A copy of the pipeline that has the same random state, and an order of features of its own."""
        pipeline = load(dump(self.pipeline))
        settle_order(pipeline)
        return pipeline


def last_step(pipeline: Any) -> Any:
    """The step that gives a pipeline its kind."""
    while type(pipeline) is compose.Pipeline:
        pipeline = pipeline[-1]
    return pipeline


def kind_of(pipeline: Any) -> Kind | None:
    """The kind of a river object, or of one that merely has river's verbs; None if it is none of ours."""
    last = last_step(pipeline)
    of_river = next((kind for parent, kind in _PARENTS.items() if isinstance(last, parent)), None)
    if of_river is not None:
        return of_river
    if hasattr(last, "transform_one"):
        return Kind.TRANSFORMER
    if isinstance(last, base.Estimator) or not hasattr(last, "learn_one"):
        return None
    return next((kind for verb, kind in _VERBS.items() if hasattr(last, verb)), None)


def _check_kind(stage: Stage) -> None:
    """Raise Fatal for what is of no kind, and where its kind and its label do not go together."""
    kind, node, last = kind_of(stage.pipeline), f'node "{stage.name}"', _type(stage.pipeline)
    if kind is None:
        hint = "a pipeline needs transform_one, or learn_one and predict_one or score_one"
        if isinstance(last_step(stage.pipeline), base.AnomalyFilter | base.SupervisedAnomalyDetector):
            hint = "end the pipeline in an anomaly detector that scores features, as it is"
        raise Fatal(
            f"{node}: {last} is no transformer, classifier, regressor, anomaly detector or clusterer", hint=hint
        )
    if stage.label is None and kind.is_supervised:
        hint = "name the field that holds the outcome: label=..."
        raise Fatal(f"{node}: {last} is a {kind.value}, but there is no label", hint=hint)
    if stage.label is not None and not kind.is_supervised:
        hint = "end the pipeline in one of these, or leave the label out"
        raise Fatal(f'{node}: has label "{stage.label}", but {last} is neither a classifier nor a regressor', hint=hint)
    if not kind.is_supervised and getattr(stage.pipeline, "_supervised", False):
        raise Fatal(
            f"{node}: learns from the label, but ends in neither a classifier nor a regressor",
            hint="put such transformers in front of one of these, in its pipeline",
        )


def _check_front(stage: Stage) -> None:
    try:
        check_front(stage.pipeline)
    except Fatal as error:
        raise Fatal(f'node "{stage.name}": {error.message}', hint=error.hint) from None


def _check_batch(stage: Stage) -> None:
    if not stage.kind.is_supervised:
        hint = f"{_type(stage.pipeline)} learns record by record: leave batch out"
        raise Fatal(f'node "{stage.name}": batch is for classifiers and regressors', hint=hint)
    if stage.batch is None or stage.batch < 1:
        raise Fatal(f'node "{stage.name}": batch is {stage.batch}, expected at least 1')
    for step in _steps(split(stage.pipeline)[1]):  # what stands in front takes the records one by one
        if not hasattr(step, "learn_many"):
            raise Fatal(
                f'node "{stage.name}": {type(step).__name__} has no learn_many, which batch={stage.batch} needs',
                hint="leave batch out: the model then learns record by record",
            )


def _check_pickles(stage: Stage) -> None:
    try:
        load(dump(stage.pipeline))
    except (pickle.PickleError, TypeError, AttributeError, ValueError) as error:
        raise Fatal(
            f'node "{stage.name}": {_type(stage.pipeline)} cannot be pickled: {error}',
            hint="a pipeline may hold no open files, connections or locks",
        ) from error


def _steps(pipeline: Any) -> list[Any]:
    if isinstance(pipeline, compose.Pipeline):
        return [leaf for step in pipeline.steps.values() for leaf in _steps(step)]
    if isinstance(pipeline, compose.TransformerUnion):
        return [leaf for step in pipeline.transformers.values() for leaf in _steps(step)]
    return [pipeline]


def _type(pipeline: Any) -> str:
    return type(last_step(pipeline)).__name__
