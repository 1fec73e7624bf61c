"""Whether a step of a pipeline ever learns."""

from __future__ import annotations

from typing import Any

from river import base, compose


def is_stateless(step: Any) -> bool:
    """Whether a step never learns: by its type, or by its own word, the attribute `stateless`.

    >>> from river import preprocessing
    >>> is_stateless(compose.Select("a") | compose.Prefixer("x_")), is_stateless(preprocessing.StandardScaler())
    (True, False)
    """
    if isinstance(step, compose.Pipeline):
        return all(is_stateless(inner) for inner in step.steps.values())
    if type(step) is compose.TransformerUnion:
        return all(is_stateless(inner) for inner in step.transformers.values())
    own = getattr(step, "stateless", None)
    return bool(own) if own is not None else getattr(type(step), "learn_one", None) is base.Transformer.learn_one
