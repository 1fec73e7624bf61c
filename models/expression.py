"""Expressions over the fields of a record, in a small part of Python's language that simpleeval evaluates."""

from __future__ import annotations

from functools import cached_property
from math import isfinite
from typing import Any

from simpleeval import EvalWithCompoundTypes

from models.expression_types import FUNCTIONS, checked_type, names_in, parsed
from models.fields import Known

_LONG = 1 << 63


class Expression:
    """Numbers, text, comparisons, `and`, `or`, `not`, `in`, `... if ... else ...` and the functions of `FUNCTIONS`.

    Null where a field that it names is null or missing, where it divides by zero, and where a number is not finite, not
    defined or larger than 64 bits hold. Raises Fatal for text that is none; TypeError for fields it cannot take.

    >>> speed = Expression("distance / air_time * 60")
    >>> speed({"distance": 300, "air_time": 60.0}), speed({"distance": 300, "air_time": 0.0}), speed({"air_time": 1.0})
    (300.0, None, None)
    >>> speed.type_in({"distance": "long", "air_time": ["null", "double"]})
    ['null', 'double']
    >>> Expression("open('/etc/passwd')")
    Traceback (most recent call last):
    schemas.errors.Fatal: expression "open('/etc/passwd')": there is no function "open"
    hint: there are abs, ceil, exp, floor, len, log, lower, max, min, round, sqrt, upper
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._tree = parsed(text)
        self.names = names_in(self._tree)

    def __call__(self, x: Known) -> Any:
        names = {}
        for name in self.names:
            names[name] = value = x.get(name)
            if value is None:
                return None
        evaluator = self._evaluator
        evaluator.names = names
        try:
            value = evaluator.eval(self.text, previously_parsed=self._tree.body)
        except (ZeroDivisionError, OverflowError, ValueError):  # what has no value in arithmetic
            return None
        if value.__class__ is float:
            return value if isfinite(value) else None
        if value.__class__ is int:
            return value if -_LONG <= value < _LONG else None
        return value

    def type_in(self, fields: Known) -> Any:
        """The Avro type of the result. Raises Fatal where a field is missing, or of a type that does not fit."""
        return checked_type(self.text, self._tree, fields)

    def __reduce__(self) -> tuple[type[Expression], tuple[str]]:
        return Expression, (self.text,)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    @cached_property
    def _evaluator(self) -> Any:
        return EvalWithCompoundTypes(functions=dict(FUNCTIONS))
