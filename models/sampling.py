"""Parts of a stream that a hash decides: the same records in every run, however they are cut and whoever asks."""

from __future__ import annotations

from typing import Any

from river import base, compose

from models.fields import Fields, Unknown, expect
from models.filtering import Filtered
from models.hashing import hash_share
from schemas.errors import Fatal
from schemas.shares import parse_share


class Sample(base.Transformer):  # type: ignore[misc]
    """Lets about a `share` of the values of the field `by` through, with all records of each of them.

    What is dropped counts as filtered (see `Filter`). Which values these are depends on the value and the `seed` alone.
    A larger share holds all of a smaller one. It decides what is learned and not what may be asked: the scoring API
    passes it over.

    >>> sample = Sample("50%", by="flight")
    >>> sample.transform_one({"flight": "UA 1"})
    {'flight': 'UA 1'}
    >>> sample.transform_one({"flight": "UA 3"})
    Traceback (most recent call last):
    ...
    models.filtering.Filtered: Sample(50%, by flight) does not hold it
    """

    def __init__(self, share: str, by: str, seed: int = 0) -> None:
        self.share = share
        self.by = by
        self.seed = seed
        self._below = parse_share(share)

    def transform_one(self, x: dict[Any, Any]) -> dict[Any, Any]:
        if hash_share(x.get(self.by), self.seed) < self._below:
            return x
        raise Filtered(f"Sample({self.share}, by {self.by}) does not hold it")

    def output_fields(self, fields: Fields) -> Fields:
        expect(fields, [self.by], "Sample")
        return fields


class Split(base.Transformer):  # type: ignore[misc]
    """Says in a field of its own, `name`, which part of the stream a record is in, by a hash of the field `by`.

    `parts` are names and shares that make 100%. All records of a value are in one part, which depends on the value and
    the `seed` alone. Put `Filter("part == 'train'")` behind it to go on with one of them.

    >>> split = Split("flight", {"train": "80%", "test": "20%"})
    >>> split.transform_one({"flight": "UA 1"})
    {'flight': 'UA 1', 'part': 'train'}
    """

    def __init__(self, by: str, parts: dict[str, str], name: str = "part", seed: int = 0) -> None:
        self.by = by
        self.parts = parts
        self.name = name
        self.seed = seed
        self._until = _bounds(parts)

    def transform_one(self, x: dict[Any, Any]) -> dict[Any, Any]:
        share = hash_share(x.get(self.by), self.seed)
        return {**x, self.name: next(part for part, until in self._until if share < until)}

    def output_fields(self, fields: Fields) -> Fields:
        expect(fields, [self.by], "Split")
        return fields if isinstance(fields, Unknown) else {**fields, self.name: "string"}


def without_samples(pipeline: Any) -> Any:
    """The pipeline as it is asked about any record: the same steps, those aside that only choose what is learned."""
    if type(pipeline) is not compose.Pipeline or not any(type(step) is Sample for step in pipeline.steps.values()):
        return pipeline
    return compose.Pipeline(*((name, step) for name, step in pipeline.steps.items() if type(step) is not Sample))


def _bounds(parts: dict[str, str]) -> list[tuple[str, float]]:
    bounds, until = [], 0.0
    for part, share in parts.items():
        until += parse_share(share)
        bounds.append((part, until))
    if not bounds or abs(until - 1.0) > 1e-9:
        raise Fatal(f"Split: the parts make {until:.4%}, expected 100%", hint='as in {"train": "80%", "test": "20%"}')
    return [*bounds[:-1], (bounds[-1][0], 2.0)]
