"""Rules for records: what is expected of them, with an action for each, counted by rule."""

from __future__ import annotations

from typing import Any, NamedTuple

from river import base

from models.expectations import (
    DeadLetter,
    Flag,
    InRange,
    LastGood,
    Matches,
    NotNull,
    Repair,
    Rule,
    RuleBroken,
    Unique,
)
from models.fields import Fields, Unknown, described, expect, expect_numbers, not_null
from models.instants import time_ms
from models.repeats import Repeats
from schemas.errors import Fatal


class Verdict(NamedTuple):
    """A record after all repairs, the rules it broke with their actions, and what is to be remembered of it."""

    x: dict[Any, Any]
    broken: list[tuple[str, str]]
    good: list[tuple[str, Any]]
    seen: list[tuple[str, Any, float]]


class Rules(base.Transformer):  # type: ignore[misc]
    """Holds records to expectations, one after the other; each sees the record as those before it have repaired it.

    In a workflow `headrace_rules_broken_total` counts what was broken by node, rule and action. Of the steps of a
    pipeline it comes before any that learns, so repairs come before nulls are looked for. A record that is refused, by
    a rule or behind it, is not remembered.

    >>> rules = Rules(
    ...     NotNull("dep_delay", otherwise=Repair(0.0)),
    ...     InRange("distance", 0, 6000),
    ...     InRange("wind", 0, 90, otherwise=Flag("odd_wind")),
    ... )
    >>> rules.transform_one({"dep_delay": None, "distance": 200.0, "wind": 1048.4})
    {'dep_delay': 0.0, 'distance': 200.0, 'wind': 1048.4, 'odd_wind': True}
    >>> rules.transform_one({"dep_delay": 3.0, "distance": -1.0, "wind": 3.0})
    Traceback (most recent call last):
    ...
    models.expectations.RuleBroken: rule "distance_in_range": field "distance" is -1.0, expected 0 to 6000
    """

    accepts_null = True

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules
        names = [rule.rule for rule in rules]
        for name in names:
            if names.count(name) > 1:
                raise Fatal(f'rule "{name}": is there twice', hint="give one of the two a name=")
        for rule in rules:
            _check_repair(rule)
        self._last_good = {r.rule: r.otherwise.first for r in rules if isinstance(r.otherwise, LastGood)}
        self._repeats = {r.rule: Repeats(r.within_ms) for r in rules if isinstance(r, Unique)}

    @property
    def stateless(self) -> bool:
        """Whether nothing is remembered from one record to the next."""
        return not self._last_good and not self._repeats

    @property
    def repeating(self) -> list[str]:
        """The fields whose values are remembered, each by itself."""
        return [rule.field for rule in self.rules if isinstance(rule, Unique)]

    def judge(self, x: dict[Any, Any], *, passing: bool = True) -> Verdict:
        """What the rules say; of a record that is not `passing` but merely asked about, none is repeated.

        Raises RuleBroken.
        """
        verdict = Verdict(dict(x), [], [], [])
        for rule in self.rules:
            self._apply(rule, verdict, passing=passing)
        return verdict

    def remember(self, verdict: Verdict) -> None:
        """Take a record into account that went through."""
        self._last_good.update(verdict.good)
        for name, value, time in verdict.seen:
            self._repeats[name].add(value, time)

    def learn_one(self, x: dict[Any, Any]) -> None:
        self.remember(self.judge(x))

    def transform_one(self, x: dict[Any, Any]) -> dict[Any, Any]:
        return self.judge(x, passing=False).x

    def _apply(self, rule: Rule, verdict: Verdict, *, passing: bool) -> None:
        x, action = verdict.x, rule.otherwise
        value = x.get(rule.field)
        kept = not isinstance(rule, NotNull) if value is None else rule.kept_by(value)
        if isinstance(rule, Unique) and value is not None and passing:
            time = time_ms(x.get(rule.on))
            if time is not None:
                kept = not self._repeats[rule.rule].near(value, time)
                if kept:
                    verdict.seen.append((rule.rule, value, time))
        if isinstance(action, Flag):
            x[action.field] = not kept
        elif isinstance(action, LastGood) and kept and value is not None:
            verdict.good.append((rule.rule, value))
        if kept:
            return
        instead = action.value if isinstance(action, Repair) else self._last_good.get(rule.rule)
        if isinstance(action, DeadLetter) or (isinstance(action, LastGood) and instead is None):
            raise RuleBroken(rule.rule, _said(rule, value))
        if not isinstance(action, Flag):
            x[rule.field] = instead
        verdict.broken.append((rule.rule, _ACTIONS[type(action)]))

    def output_fields(self, fields: Fields) -> Fields:
        if isinstance(fields, Unknown):
            return fields
        given = dict(fields)
        for rule in self.rules:
            _check_types(rule, given)
            if isinstance(rule.otherwise, Flag):
                if rule.otherwise.field in given:
                    raise Fatal(f'rule "{rule.rule}": there is a field "{rule.otherwise.field}" already')
                given[rule.otherwise.field] = "boolean"
            elif isinstance(rule, NotNull):
                given[rule.field] = not_null(given[rule.field])
        return given


def _said(rule: Rule, value: Any) -> str:
    found = "null" if value is None else repr(value)
    return f'rule "{rule.rule}": field "{rule.field}" is {found}, expected {rule.expected}'


def _check_repair(rule: Rule) -> None:
    action = rule.otherwise
    value = action.value if isinstance(action, Repair) else getattr(action, "first", None)
    if isinstance(action, Repair) and value is None:
        raise Fatal(f'rule "{rule.rule}": is repaired with null', hint="give a value")
    if value is not None and not rule.kept_by(value):
        raise Fatal(f'rule "{rule.rule}": is repaired with {value!r}, expected {rule.expected}')


def _check_types(rule: Rule, fields: dict[Any, Any]) -> None:
    who = f'rule "{rule.rule}"'
    expect(fields, [rule.field, *([rule.on] if isinstance(rule, Unique) else [])], who)
    kind = described(not_null(fields[rule.field]))
    if isinstance(rule, InRange):
        expect_numbers(fields, [rule.field], who)
    if isinstance(rule, Matches) and kind not in ("string", "enum"):
        raise Fatal(f'{who}: field "{rule.field}" is of type {kind}, expected string')
    action = rule.otherwise
    value = action.value if isinstance(action, Repair) else getattr(action, "first", None)
    if value is not None and not isinstance(value, _PYTHON.get(kind, object)):
        raise Fatal(f'{who}: repairs "{rule.field}", of type {kind}, with {value!r}')


_ACTIONS = {Flag: "flag", Repair: "repair", LastGood: "repair"}
_PYTHON: dict[str, Any] = {
    "boolean": bool,
    "int": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "string": str,
    "enum": str,
}
