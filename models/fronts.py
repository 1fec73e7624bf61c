"""What may stand where in a pipeline: that which turns records away comes before anything learns from them."""

from __future__ import annotations

from typing import Any

from river import compose

from models.filtering import Filter
from models.rules import Rules
from models.sampling import Sample
from models.stateless import is_stateless
from schemas.errors import Fatal

_TURN_AWAY = (Filter, Sample, Rules)


def check_front(pipeline: Any) -> None:
    """Raise Fatal where a filter, a sample or rules stand behind a step that learns, or inside of another step.

    >>> from river import preprocessing
    >>> check_front(Filter("distance > 0") | preprocessing.StandardScaler())
    >>> check_front(preprocessing.StandardScaler() | Filter("distance > 0"))
    Traceback (most recent call last):
    ...
    schemas.errors.Fatal: Filter stands behind StandardScaler, which would have learned from what it turns away
    hint: put it in front, or give it a pipeline of its own
    """
    learns = None
    for step in pipeline.steps.values() if type(pipeline) is compose.Pipeline else [pipeline]:
        if issubclass(type(step), _TURN_AWAY):
            if learns is not None:
                raise Fatal(
                    f"{type(step).__name__} stands behind {learns}, which would have learned from what it turns away",
                    hint="put it in front, or give it a pipeline of its own",
                )
            continue
        hidden = _inside(step)
        if hidden is not None:
            raise Fatal(
                f"{type(hidden).__name__} stands inside of {type(step).__name__}",
                hint="make it a step of the pipeline itself, with |",
            )
        if learns is None and not is_stateless(step):
            learns = type(step).__name__


def split(pipeline: Any) -> tuple[list[Any], Any]:
    """The steps in front that never learn while a record is looked at, and what is behind them, if anything."""
    steps = list(pipeline.steps.items()) if type(pipeline) is compose.Pipeline else [("", pipeline)]
    count = 0
    while count < len(steps) and (is_stateless(steps[count][1]) or type(steps[count][1]) is Rules):
        count += 1
    head = [step for _, step in steps[:count]]
    if count == len(steps):
        return head, None
    if count == 0:
        return head, pipeline
    if count == len(steps) - 1:
        return head, steps[-1][1]
    return head, compose.Pipeline(*steps[count:])


def _inside(step: Any) -> Any:
    """What turns records away inside of a step, if anything does."""
    inner: list[Any] = []
    if isinstance(step, compose.Pipeline):
        inner = list(step.steps.values())
    elif type(step) in (compose.TransformerUnion, compose.TransformerProduct):
        inner = list(step.transformers.values())
    elif type(step) is compose.Grouper:
        inner = [step.transformer]
    found = (each if issubclass(type(each), _TURN_AWAY) else _inside(each) for each in inner)
    return next((each for each in found if each is not None), None)
