"""Rules refuse, flag and repair; what they remember is what went through."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import base, compose, linear_model, preprocessing

from models import Flag, InRange, LastGood, Matches, NotNull, OneOf, Repair, Rules, Unique
from models.expectations import RuleBroken
from models.outcome import Outcome
from models.pickled import dump
from models.recovery import MemoryState, Recoverable
from models.river_fields import output_fields
from models.shard import Shard
from models.stage import Stage
from schemas.errors import Fatal
from tests.models.pipelines import Record, batch
from tests.models.test_recovery import decode, encode

FIELDS = {"a": ["null", "double"], "origin": "string", "id": "string", "at": "long"}


def judged(rules: Rules, records: list[Record]) -> Outcome:
    return Shard([Stage("checked", rules)]).apply(batch(records))


def reasons(outcome: Outcome) -> dict[int, str]:
    return {i: rejection.error.message for i, rejection in outcome.rejected.items()}


@pytest.mark.parametrize(
    ("rule", "value", "message"),
    [
        (NotNull("a"), None, 'rule "a_not_null": field "a" is null, expected a value'),
        (InRange("a", 0, 9), 9.5, 'rule "a_in_range": field "a" is 9.5, expected 0 to 9'),
        (InRange("a", 0), float("nan"), 'rule "a_in_range": field "a" is nan, expected 0 to inf'),
        (InRange("a", 0), "x", 'rule "a_in_range": field "a" is \'x\', expected 0 to inf'),
        (Matches("a", "N[0-9]+"), "N1x", 'rule "a_matches": field "a" is \'N1x\', expected text like "N[0-9]+"'),
        (OneOf("a", (1, 2), name="few"), 3, 'rule "few": field "a" is 3, expected one of 1, 2'),
    ],
    ids=lambda value: getattr(value, "rule", None),
)
def test_a_broken_rule_makes_a_dead_letter_that_says_why(rule: Any, value: Any, message: str) -> None:
    outcome = judged(Rules(rule), [{"a": value}])
    assert reasons(outcome) == {0: message}
    assert outcome.rejected[0].error.reason == "rule_broken"
    assert outcome.rules_broken() == {("checked", rule.rule, "dead_letter"): 1}


@pytest.mark.parametrize("rule", [InRange("a", 0), Matches("a", "x"), OneOf("a", ()), Unique("a", "1h", on="at")])
def test_null_breaks_only_the_rule_against_it(rule: Any) -> None:
    assert not judged(Rules(rule), [{"a": None, "at": 1}, {"a": None, "at": 1}, {"at": 1}]).rejected


def test_repairs_and_flags_are_counted_by_rule() -> None:
    rules = Rules(
        NotNull("a", otherwise=Repair(5.0)), InRange("a", 0, 9, otherwise=Flag("odd")), OneOf("origin", ("x",))
    )
    outcome = judged(rules, [{"a": a, "origin": o} for a, o in [(None, "x"), (10.0, "x"), (1.0, "x"), (None, "y")]])
    assert outcome.features["checked"] == [
        {"a": 5.0, "origin": "x", "odd": False},
        {"a": 10.0, "origin": "x", "odd": True},
        {"a": 1.0, "origin": "x", "odd": False},
        None,
    ]
    assert outcome.rules_broken() == {
        ("checked", "a_not_null", "repair"): 1,
        ("checked", "a_in_range", "flag"): 1,
        ("checked", "origin_one_of", "dead_letter"): 1,
    }


@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_last_good_value_is_that_of_a_record_that_went_through(size: int) -> None:
    rules = Rules(InRange("a", 0, 9, otherwise=LastGood()), OneOf("origin", ("x",)))
    shard = Shard([Stage("checked", rules)])
    values = [(-1.0, "x"), (3.0, "x"), (-1.0, "x"), (4.0, "y"), (99.0, "x"), (None, "x"), (5.0, "x"), (-2.0, "x")]
    records = [{"a": a, "origin": origin} for a, origin in values]
    got: list[Any] = []
    for start in range(0, len(records), size):
        got += shard.apply(batch(records[start : start + size])).features["checked"]
    assert [row and row["a"] for row in got] == [None, 3.0, 3.0, None, 3.0, None, 5.0, 5.0]
    assert got[0] is None  # nothing good was known yet


def test_repairs_come_before_nulls_are_looked_for_in_the_models_own_pipeline_too() -> None:
    model = Rules(NotNull("a", otherwise=LastGood(first=0.0))) | preprocessing.StandardScaler()
    shard = Shard([Stage("model", model | linear_model.LinearRegression(), label="y")])
    outcome = shard.apply(batch([{"a": a, "y": y} for a, y in [(None, 1.0), (2.0, None), (None, 1.0)]]))
    assert not outcome.rejected
    assert shard.model.steps["Rules"]._last_good == {"a_not_null": 2.0}  # learned though it had no label
    assert outcome.broken == {("model", "a_not_null", "repair"): 2}


@pytest.mark.parametrize("batch_size", [None, 4])
def test_an_estimator_learns_what_its_rules_let_through(batch_size: int | None) -> None:
    records = [{"id": f"{i // 2}", "a": float(i % 5), "at": i, "y": 1.0} for i in range(40)]
    rules = Rules(Unique("id", "1h", on="at")) | compose.Select("a")
    shard = Shard([Stage("model", rules | linear_model.LinearRegression(), label="y", batch=batch_size)])
    outcome = shard.apply(batch(records))
    assert sorted(outcome.rejected) == list(range(1, 40, 2))
    assert shard.learned == 20


times = st.integers(0, 60)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), times), max_size=40))
def test_a_record_is_repeated_if_one_like_it_went_through_less_than_a_window_away(seen: list[tuple[str, int]]) -> None:
    rules = Rules(Unique("id", "10s", on="at", otherwise=Flag("twice")))
    records = [{"id": value, "at": 1_000 * at} for value, at in seen]
    rows = judged(rules, records).features["checked"]
    newest, admitted = 0, list[tuple[str, int]]()
    for (value, at), row in zip(seen, rows, strict=True):
        repeated = any(value == other and abs(at - then) < 10 for other, then in admitted)
        newest = max(newest, at)
        if at > newest - 10:  # what comes later than a window sees what is still remembered
            assert row is not None
            assert row["twice"] is repeated
        if row is not None and not row["twice"]:
            admitted.append((value, at))


def test_what_is_remembered_is_bounded() -> None:
    rules = Rules(Unique("id", "10s", on="at"))
    for i in range(20_000):
        rules.learn_one({"id": f"flight {i}", "at": 1_000 * i})
    assert len(dump(rules)) < 4_000


def test_whoever_asks_is_not_repeating_anything() -> None:
    rules = Rules(Unique("id", "1h", on="at", otherwise=Flag("twice")))
    rules.learn_one({"id": "UA 1", "at": 1})
    assert rules.transform_one({"id": "UA 1", "at": 1})["twice"] is False


class Fussy(base.Transformer):  # type: ignore[misc]
    """Fails behind the rules."""

    def transform_one(self, x: Record) -> Record:
        if x["a"] < 0:
            raise ValueError("negative")
        return x


def test_a_record_that_fails_behind_the_rules_can_be_sent_again() -> None:
    stages = [
        Stage("checked", Rules(Unique("id", "1h", on="at"))),
        Stage("fussy", Fussy()),
    ]
    live = Recoverable(decode, lambda: Shard(stages), MemoryState())
    first = live.process(encode([{"id": "UA 1", "a": -1.0, "at": 1}, {"id": "UA 2", "a": 1.0, "at": 1}]))
    assert {i: r.error.reason for i, r in first.rejected.items()} == {0: "transform_failed"}
    again = live.process(encode([{"id": "UA 1", "a": 1.0, "at": 1}, {"id": "UA 2", "a": 1.0, "at": 1}]))
    assert {i: r.error.reason for i, r in again.rejected.items()} == {1: "rule_broken"}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Rules(NotNull("a"), NotNull("a")), 'rule "a_not_null": is there twice'),
        (lambda: Rules(InRange("a", 0, 9, otherwise=Repair(-1.0))), "repaired with -1.0, expected 0 to 9"),
        (lambda: Rules(NotNull("a", otherwise=Repair(None))), "repaired with null"),
        (lambda: Rules(Unique("a", "1h", on="at", otherwise=LastGood())), "cannot be repaired"),
        (lambda: Rules(Matches("a", "(")), 'pattern "\\("'),
        (lambda: output_fields(Rules(NotNull("b")), FIELDS), 'rule "b_not_null": its input has no field "b"'),
        (lambda: output_fields(Rules(Unique("id", "1h", on="when")), FIELDS), 'no field "when"'),
        (lambda: output_fields(Rules(InRange("origin", 0)), FIELDS), "of type string, expected a number"),
        (lambda: output_fields(Rules(Matches("a", "x")), FIELDS), "of type double, expected string"),
        (lambda: output_fields(Rules(NotNull("a", otherwise=Repair("x"))), FIELDS), "of type double, with 'x'"),
        (lambda: output_fields(Rules(NotNull("a", otherwise=Flag("id"))), FIELDS), 'there is a field "id" already'),
        (
            lambda: output_fields(Rules(NotNull("a", otherwise=Flag("x")), NotNull("id", otherwise=Flag("x"))), FIELDS),
            'there is a field "x" already',
        ),
    ],
)
def test_what_cannot_be_is_refused_before_it_runs(make: Any, said: str) -> None:
    with pytest.raises(Fatal, match=said):
        make()


def test_a_rule_that_is_broken_names_itself() -> None:
    with pytest.raises(RuleBroken) as caught:
        Rules(NotNull("a", name="delay known")).transform_one({})
    assert caught.value.rule == "delay known"
