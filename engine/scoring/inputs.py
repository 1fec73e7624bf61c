"""The features that a model takes: which, of what type, in what order, and where serving finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.scoring.asked import Instance, json_type
from engine.scoring.problem import Unanswerable
from models.artifact import FeatureSetRef, ModelCard

_TYPES: dict[str, frozenset[type]] = {
    "number": frozenset({int, float}),
    "string": frozenset({str}),
    "boolean": frozenset({bool}),
    "any": frozenset({int, float, str, bool, list, dict}),
}
_NULL = type(None)


class Inputs:
    """Turns what a request gives into the features `x` of a model.

    `x` has the features of the card in the card's order, because the order of operations is part of the result. Other
    features in the request are not the model's and are left out, so a new version that needs fewer breaks no client.
    """

    def __init__(self, card: ModelCard) -> None:
        self._model = card.model
        self._types = tuple((name, _admitted(kind)) for name, kind in card.features.items())
        self._kinds = card.features
        self._sets = card.feature_sets

    def x(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The features of the model. Raises Unanswerable, naming the first that is missing or of another type."""
        x = {}
        for name, types in self._types:
            value = given.get(name)
            if value.__class__ not in types:
                raise self._refusal(name, given)
            x[name] = value
        return x

    def needed(self, instance: Instance) -> list[FeatureSetRef]:
        """The feature sets to read for an instance: those of its entities that hold a feature it does not give."""
        return [
            ref
            for ref in self._sets
            if ref.entity in instance.entities and not all(name in instance.features for name in ref.features)
        ]

    def merge(self, instance: Instance, read: Sequence[tuple[FeatureSetRef, Mapping[str, Any]]]) -> dict[str, Any]:
        """All that is known: entity keys, under them the features read, and what the request gives over both."""
        known: dict[str, Any] = dict(instance.entities)
        for ref, features in read:
            known.update((name, features[name]) for name in ref.features if name in features)
        known.update(instance.features)
        return known

    def _refusal(self, name: str, given: Mapping[str, Any]) -> Unanswerable:
        field, expected = f"features.{name}", self._kinds[name].rstrip("?")
        if name in given:
            found = json_type(given[name])
            return Unanswerable(
                "wrong_type", field, f'feature "{name}" of model "{self._model}" is {found}, expected a {expected}'
            )
        entities = [f'the entity "{ref.entity}"' for ref in self._sets if name in ref.features]
        hint = f"give it, or {entities[0]}: perhaps nothing is known of it yet" if entities else ""
        message = f'feature "{name}" of model "{self._model}" is missing, expected a {expected}'
        return Unanswerable("missing_feature", field, message, hint=hint)


def _admitted(kind: str) -> frozenset[type]:
    types = _TYPES.get(kind.rstrip("?"), _TYPES["any"])
    return types | {_NULL} if kind.endswith("?") else types
