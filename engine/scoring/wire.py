"""What goes back over the wire: JSON bytes, made once and not validated again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from engine.scoring.instants import to_text
from engine.scoring.scorer import Answer
from engine.scoring.served import Served, Shard

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY


def encode(answers: Sequence[Answer], *, batch: bool) -> bytes:
    """The body that answers a request. What is no number in JSON (NaN, an infinity) becomes null."""
    if batch:
        return _dumps({"predictions": [_answer(answer) for answer in answers]})
    return _dumps(_answer(answers[0]))


def encode_models(models: Mapping[str, Served]) -> bytes:
    """The body that lists all models."""
    return _dumps({"models": [_model(served) for served in models.values()]})


def encode_model(served: Served) -> bytes:
    """The body that describes one model."""
    return _dumps(_model(served))


def _answer(answer: Answer) -> dict[str, Any]:
    probabilities, shard = answer.probabilities, answer.shard
    return {
        "prediction": answer.prediction,
        "probabilities": None
        if probabilities is None
        else {label if type(label) is str else _label(label): value for label, value in probabilities.items()},
        "model": shard.about,
        "learned_until": shard.learned_until,
        "feature_age_s": answer.ages,
    }


def _label(label: Any) -> str:
    """A class label as a key of a JSON object: booleans and null as JSON writes them.

    >>> _label(True), _label(3)
    ('true', '3')
    """
    return str(label).lower() if label is None or isinstance(label, bool) else str(label)


def _model(served: Served) -> dict[str, Any]:
    card = served.card
    return {
        "name": card.model,
        "workflow": card.workflow,
        "label": card.label,
        "features": card.features,
        "feature_sets": [
            {"name": ref.feature_set, "entity": ref.entity, "features": ref.features} for ref in card.feature_sets
        ],
        "keyed_by": card.keyed_by,
        "class": card.class_path,
        "river": card.river,
        "shards": [_shard(shard) for _, shard in sorted(served.shards.items())],
    }


def _shard(shard: Shard) -> dict[str, Any]:
    card = shard.card
    return {
        "shard": card.shard,
        "of": card.shards,
        "version": {"epoch": card.version.epoch, "count": card.version.count},
        "learned_until": to_text(card.learned_until) if card.version.count else None,
        "metrics": card.metrics,
    }


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, default=str, option=_OPTIONS)
