"""A model that is being served: its card, its inputs, and the objects that predict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from engine.scoring.inputs import Inputs
from engine.scoring.instants import to_text
from engine.scoring.predictor import Predictor, Said
from engine.scoring.problem import Unanswerable
from engine.scoring.twins import Twins
from models.artifact import ModelCard
from models.filtering import Filtered
from schemas.errors import BadRecord, Fatal


class Shard:
    """One shard of a model as it was published: nothing in it changes but what its models remember by themselves.

    With `twins` it is asked about many instances at once by those.
    """

    def __init__(self, card: ModelCard, model: Any, twins: Twins | None = None) -> None:
        if card.keyed_by is not None and not isinstance(model, dict):
            raise Fatal(f'model "{card.model}": is keyed by "{card.keyed_by}", but holds no dict of models')
        self.card = card
        self.inputs = Inputs(card)
        self.about = orjson.Fragment(
            orjson.dumps({"name": card.model, "version": {"epoch": card.version.epoch, "count": card.version.count}})
        )
        self.learned_until = to_text(card.learned_until) if card.version.count else None
        self._models: Mapping[Any, Any] = model if card.keyed_by is not None else {None: model}
        self._predictors: dict[Any, Predictor] = {}
        self._twins = twins

    def __contains__(self, key: Any) -> bool:
        return key in self._models

    def predict(self, key: Any, x: dict[str, Any]) -> Said:
        """The prediction and the probabilities for `x` of the model for `key`. Raises Unanswerable where it fails."""
        try:
            return self._predictor(key).predict(x)
        except Filtered as filtered:
            message = f'model "{self.card.model}" learns from no such record: {filtered}'
            raise Unanswerable("filtered", "features", message) from filtered
        except BadRecord as error:
            message = f'model "{self.card.model}": {error.message}'
            raise Unanswerable(error.reason, "features", message, hint=error.hint) from error
        except Exception as error:  # the one boundary of user code: the model is theirs
            message = f'model "{self.card.model}" cannot predict from these features: {type(error).__name__}: {error}'
            raise Unanswerable("predict_failed", "features", message) from error

    def predict_many(self, key: Any, xs: Sequence[dict[str, Any]]) -> Sequence[Said | None]:
        """The same for many `x` at once; None where `predict` has to tell."""
        return self._predictor(key).predict_many(xs)

    def _predictor(self, key: Any) -> Predictor:
        predictor = self._predictors.get(key)
        if predictor is None:
            predictor = self._predictors[key] = Predictor(self._models[key], self._twins)
        return predictor


class Served:
    """The shards of one model; immutable, a new version of a shard makes a new one.

    Raises ValueError without a shard.
    """

    def __init__(self, shards: Iterable[Shard]) -> None:
        self.shards = {shard.card.shard: shard for shard in shards}
        self.newest = max(self.shards.values(), key=lambda shard: shard.card.version)
        self.card = self.newest.card

    def gives_way_to(self, shard: Shard) -> bool:
        """Whether `shard` is newer than the one in its place, or, where it is of another partitioning, than all."""
        is_one_of_these = shard.card.shards == self.card.shards
        held = self.shards.get(shard.card.shard) if is_one_of_these else self.newest
        return held is None or shard.card.version > held.card.version

    def replaced(self, shard: Shard) -> Served:
        """The same with one shard replaced; those of another partitioning are gone."""
        kept = (held for held in self.shards.values() if held.card.shards == shard.card.shards)
        return Served([*kept, shard])

    def select(self, given: Mapping[str, Any]) -> tuple[Shard, Any]:
        """The shard that answers for what is given, and the key of the model in it."""
        keyed_by = self.card.keyed_by
        if keyed_by is None:
            return self.newest, None
        if keyed_by not in given:
            message = f'model "{self.card.model}" is one of several, by "{keyed_by}", which is missing'
            raise Unanswerable("missing_feature", f"features.{keyed_by}", message)
        key = given[keyed_by]
        if isinstance(key, str | int | float | None):
            for shard in self.shards.values():
                if key in shard:
                    return shard, key
        message = f'model "{self.card.model}" has learned nothing yet where "{keyed_by}" is {str(key)[:80]!r}'
        raise Unanswerable("unknown_key", f"features.{keyed_by}", message)
