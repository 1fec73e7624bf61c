"""What may be expected of a record, and what is done where it is not so."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass
from math import inf
from typing import Any, ClassVar

from schemas.durations import parse_duration
from schemas.errors import BadRecord, Fatal


class RuleBroken(BadRecord):
    """A record that breaks a rule whose action is the dead letter (rule_broken); `rule` is its name."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__("rule_broken", message)
        self.rule = rule


@dataclass(frozen=True)
class DeadLetter:
    """The record becomes a dead letter, with the reason `rule_broken`."""


@dataclass(frozen=True)
class Flag:
    """The record gets a field of this name, true where the rule is broken and false elsewhere."""

    field: str


@dataclass(frozen=True)
class Repair:
    """The field gets this value instead."""

    value: Any


@dataclass(frozen=True)
class LastGood:
    """The field gets the last value that kept the rule; before there is one, `first`, or else a dead letter."""

    first: Any = None


Action = DeadLetter | Flag | Repair | LastGood
_DEAD_LETTER = DeadLetter()


@dataclass(frozen=True)
class Expectation:
    """What is expected of a field, and what is done `otherwise`; null breaks `NotNull` and nothing else.

    `name` is that of the rule in errors and metrics; without one it is made of the field and of what is expected.
    """

    field: str
    _: KW_ONLY
    otherwise: Action = _DEAD_LETTER
    name: str = ""
    suffix: ClassVar[str]

    @property
    def rule(self) -> str:
        """The name of the rule."""
        return self.name or f"{self.field}_{self.suffix}"

    @property
    def expected(self) -> str:
        """What is expected, in words."""
        raise NotImplementedError

    def kept_by(self, value: Any) -> bool:
        """Whether a value that is not null is as expected."""
        raise NotImplementedError


@dataclass(frozen=True)
class NotNull(Expectation):
    """The field is there and not null.

    >>> NotNull("dep_delay", otherwise=Repair(0.0)).rule
    'dep_delay_not_null'
    """

    suffix = "not_null"

    @property
    def expected(self) -> str:
        return "a value"

    def kept_by(self, value: Any) -> bool:
        return True


@dataclass(frozen=True)
class InRange(Expectation):
    """The field is a number from `low` to `high`, both included."""

    low: float = -inf
    high: float = inf
    suffix = "in_range"

    @property
    def expected(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    def kept_by(self, value: Any) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


@dataclass(frozen=True)
class Matches(Expectation):
    """The field is text that a regular expression matches as a whole."""

    pattern: str
    suffix = "matches"

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise Fatal(f'rule "{self.rule}": pattern "{self.pattern}": {error}') from error

    @property
    def expected(self) -> str:
        return f'text like "{self.pattern}"'

    def kept_by(self, value: Any) -> bool:
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True)
class OneOf(Expectation):
    """The field has one of these values."""

    values: Collection[Any]
    suffix = "one_of"

    @property
    def expected(self) -> str:
        return f"one of {', '.join(sorted(map(str, self.values)))}"

    def kept_by(self, value: Any) -> bool:
        return value in self.values


@dataclass(frozen=True)
class Unique(Expectation):
    """No record with the same value, that was let through, is less than `within` away by the event time in field `on`.

    What is remembered of a value is forgotten two windows behind the newest event time, so this is exact for records
    that come at most one window late. It is decided as records pass through a workflow; whoever asks a published model
    is not refused for asking about a record that it has seen.
    """

    within: str
    on: str
    suffix = "unique"

    def __post_init__(self) -> None:
        if isinstance(self.otherwise, Repair | LastGood):
            hint = "flag it, or let it be a dead letter"
            raise Fatal(f'rule "{self.rule}": a repeated record cannot be repaired', hint=hint)

    @property
    def within_ms(self) -> float:
        return parse_duration(self.within).total_seconds() * 1000

    @property
    def expected(self) -> str:
        return f"no other within {self.within}"

    def kept_by(self, value: Any) -> bool:
        return True


Rule = NotNull | InRange | Matches | OneOf | Unique
