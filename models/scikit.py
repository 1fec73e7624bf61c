"""Scikit-learn's transformers that learn bit by bit, as river's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from river import base

from models.fields import Fields, Unknown, expect, expect_numbers
from schemas.errors import Fatal


class ScikitTransformer(base.Transformer):  # type: ignore[misc]
    """A transformer of scikit-learn with `partial_fit`, over the numbers in `fields`, in their order.

    It learns `batch` records at a time, in the order in which they came, and stands still in between; until it has
    learned for the first time it gives zeros. It gives the features `outputs`, by default `fields` themselves. A call
    of scikit-learn takes some 100 µs, so put it where river has nothing like it. Needs the extra `headrace[sklearn]`.

    >>> from sklearn.decomposition import IncrementalPCA
    >>> pca = ScikitTransformer(IncrementalPCA(1), fields=("a", "b"), outputs=("first",), batch=3)
    >>> for a in (1.0, 2.0, 3.0):
    ...     pca.learn_one({"a": a, "b": 2 * a})
    >>> round(abs(pca.transform_one({"a": 3.0, "b": 6.0})["first"]), 3)
    2.236
    """

    def __init__(
        self, transformer: Any, fields: Sequence[str], outputs: Sequence[str] | None = None, batch: int = 1
    ) -> None:
        self.transformer = transformer
        self.fields = tuple(fields)
        self.outputs = None if outputs is None else tuple(outputs)
        self.batch = batch
        if not hasattr(transformer, "partial_fit") or not hasattr(transformer, "transform"):
            hint = "river has most of them itself"
            raise Fatal(f"{type(transformer).__name__} has no partial_fit and transform", hint=hint)
        if not self.fields or batch < 1:
            raise Fatal(f"ScikitTransformer: fields {self.fields} and batch {batch}, expected one or more of both")
        self._names = self.outputs or self.fields
        self._waiting: list[list[float]] = []
        self._fitted: Any = None

    def learn_one(self, x: dict[Any, Any]) -> None:
        self._waiting.append(self._row(x))
        if len(self._waiting) < self.batch:
            return
        if self._fitted is None:
            from sklearn.base import clone

            self._fitted = clone(self.transformer)
        self._fitted.partial_fit(self._waiting)
        self._waiting = []

    def transform_one(self, x: dict[Any, Any]) -> dict[str, float]:
        row = self._row(x)
        if self._fitted is None:
            return dict.fromkeys(self._names, 0.0)
        [given] = self._fitted.transform([row])
        return dict(zip(self._names, map(float, given), strict=True))

    def output_fields(self, fields: Fields) -> Fields:
        expect(fields, self.fields, "ScikitTransformer")
        if not isinstance(fields, Unknown):
            expect_numbers(fields, self.fields, "ScikitTransformer")
        return dict.fromkeys(self._names, "double")

    def _row(self, x: dict[Any, Any]) -> list[float]:
        return [float(x[name]) for name in self.fields]
