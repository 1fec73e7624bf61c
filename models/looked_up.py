"""What was read for each record from somewhere else, appended to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from river import base

from models.fields import Fields, Unknown, nullable
from models.filtering import Filtered
from schemas.errors import BadRecord, Fatal

Found = Mapping[str, Any] | None
"""What is known of one value of an entity, None where nothing is."""

_TAKES: dict[str, tuple[type, ...]] = {
    "double": (float, int),
    "long": (int,),
    "string": (str,),
    "boolean": (bool,),
}


class LookedUp(base.Transformer):  # type: ignore[misc]
    """Appends `features`, names and Avro types, of what was found of `origin`; null where that has none.

    What is found comes with the batch, not from here: so learning a batch again gives the same. With `keeps` a record
    that nothing is known of gets nulls; without, it goes no further. It keeps no state.

    >>> recent = LookedUp("delays.origins", {"mean_1h": "double", "landed": "long"}, keeps=True)
    >>> recent.append({"origin": "EWR"}, {"mean_1h": 4, "landed": 7, "more": 1})
    {'origin': 'EWR', 'mean_1h': 4.0, 'landed': 7}
    >>> recent.append({"origin": "JFK"}, None)
    {'origin': 'JFK', 'mean_1h': None, 'landed': None}
    """

    stateless = True

    def __init__(self, origin: str, features: Mapping[str, str], *, keeps: bool) -> None:
        self.origin = origin
        self.features = dict(features)
        self.keeps = keeps
        for name, kind in self.features.items():
            if kind not in _TAKES:
                raise Fatal(f'feature "{name}" of {origin} is of type {kind!r}', hint=f"types are {', '.join(_TAKES)}")

    def append(self, x: dict[Any, Any], found: Found) -> dict[Any, Any]:
        """The record with what was found. Raises BadRecord for a value of another type, Filtered."""
        if found is None and not self.keeps:
            raise Filtered(f"{self.origin} knows nothing of it")
        known = found or {}
        return {**x, **{name: self._typed(name, kind, known.get(name)) for name, kind in self.features.items()}}

    def transform_one(self, x: dict[Any, Any]) -> dict[Any, Any]:
        """The record where nothing was looked for."""
        return self.append(x, None)

    def output_fields(self, fields: Fields) -> Fields:
        if isinstance(fields, Unknown):
            return fields
        for name in self.features:
            if name in fields:
                raise Fatal(f'its records have a field "{name}" already', hint="drop or rename it in a pipeline before")
        return {**fields, **{name: nullable(kind) for name, kind in self.features.items()}}

    def _typed(self, name: str, kind: str, value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, _TAKES[kind]) or isinstance(value, bool) is not (kind == "boolean"):
            raise BadRecord("wrong_type", f'feature "{name}" of {self.origin}: found {value!r}, expected a {kind}')
        return float(value) if isinstance(value, int) and kind == "double" else value
