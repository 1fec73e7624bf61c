"""Records that are dropped by intent: neither dead letters nor failures, but counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from river import base

from models.expression import Expression
from models.fields import Fields, Unknown, described, not_null
from schemas.errors import Fatal

Condition = Callable[[dict[Any, Any]], Any]


class Filtered(Exception):
    """Not an error: the record is not wanted any further. `why` says by whom."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Filter(base.Transformer):  # type: ignore[misc]
    """Lets those records through for which a condition holds: an expression over its fields, or a function.

    Null does not hold, as in SQL. What is dropped gives no features and no prediction from here on and is not learned
    from; `headrace_filtered_total` counts it by node. Of the steps of a pipeline it comes before any that learns. Where
    it is part of a published model, the scoring API answers 422 `filtered`: the model knows nothing of such records.

    >>> flown = Filter("not cancelled and distance > 100")
    >>> flown.transform_one({"cancelled": False, "distance": 200.0})
    {'cancelled': False, 'distance': 200.0}
    >>> flown.transform_one({"cancelled": True, "distance": 200.0})
    Traceback (most recent call last):
    ...
    models.filtering.Filtered: Filter("not cancelled and distance > 100") does not let it through
    """

    def __init__(self, condition: str | Condition) -> None:
        self.condition = condition
        self._holds = Expression(condition) if isinstance(condition, str) else condition

    def transform_one(self, x: dict[Any, Any]) -> dict[Any, Any]:
        if self._holds(x):
            return x
        raise Filtered(f"{self} does not let it through")

    def output_fields(self, fields: Fields) -> Fields:
        if isinstance(self._holds, Expression) and not isinstance(fields, Unknown):
            kind = not_null(self._holds.type_in(fields))
            if kind != "boolean":
                hint = "compare something, as in distance > 0"
                raise Fatal(f"{self}: is of type {described(kind)}, expected boolean", hint=hint)
        return fields

    def __str__(self) -> str:
        text = self.condition
        return f'Filter("{text}")' if isinstance(text, str) else f"Filter({getattr(text, '__name__', text)})"
