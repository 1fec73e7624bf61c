"""What state a pipeline keeps: whether it learns at all, and by which fields."""

from __future__ import annotations

from typing import Any

from river import compose

from models.rules import Rules
from models.stateless import is_stateless


def learns(pipeline: Any) -> bool:
    """Whether any step of a pipeline has a state.

    >>> from river import preprocessing
    >>> learns(compose.Select("a")), learns(compose.Select("a") | preprocessing.StandardScaler())
    (False, True)
    """
    return not is_stateless(pipeline)


def state_keys(pipeline: Any) -> set[tuple[str, ...]]:
    """The fields by whose values the steps of a pipeline keep state apart: their attribute `by`, if they learn.

    >>> from river import feature_extraction, stats
    >>> state_keys(feature_extraction.Agg("delay", ["origin", "carrier"], stats.Mean()))
    {('origin', 'carrier')}
    """
    if isinstance(pipeline, compose.Pipeline):
        return set().union(*(state_keys(step) for step in pipeline.steps.values()))
    if isinstance(pipeline, compose.TransformerUnion):
        return set().union(*(state_keys(step) for step in pipeline.transformers.values()))
    if type(pipeline) is Rules:
        return {(field,) for field in pipeline.repeating}
    by = getattr(pipeline, "by", None)
    if not by or is_stateless(pipeline):
        return set()
    return {(by,) if isinstance(by, str) else tuple(by)}
