"""Numbers as the bins that they fall into."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from river import base

from models.fields import Fields, Unknown, expect, expect_numbers, may_be_null
from schemas.errors import Fatal


class Bin(base.Transformer):  # type: ignore[misc]
    """Replaces numbers by the number of their bin: how many of the rising `edges` are not larger. Null stays null.

    A bin holds its lower edge and not its upper one. River's `preprocessing.Binarizer` makes two bins of all fields;
    `Bin(...) | compose.Select(...) | preprocessing.OneHotEncoder()` makes a field of each bin.

    >>> Bin(distance=[500, 1000]).transform_one({"distance": 500.0, "origin": "JFK"})
    {'distance': 1, 'origin': 'JFK'}
    """

    accepts_null = True

    def __init__(self, **edges: Sequence[float]) -> None:
        self.edges = edges
        for name, given in edges.items():
            if not given or any(not low < high for low, high in pairwise(given)):
                raise Fatal(f'Bin: the edges of "{name}" are {list(given)}, expected numbers that rise')

    def transform_one(self, x: dict[Any, Any]) -> dict[Any, Any]:
        binned = dict(x)
        for name, edges in self.edges.items():
            value = x.get(name)
            if value is not None:
                binned[name] = bisect_right(edges, value)
        return binned

    def output_fields(self, fields: Fields) -> Fields:
        expect(fields, self.edges, "Bin")
        if isinstance(fields, Unknown):
            return fields
        expect_numbers(fields, self.edges, "Bin")
        binned = {name: ["null", "long"] if may_be_null(fields[name]) else "long" for name in self.edges}
        return {**fields, **binned}
