"""Compiled bagging gives what river's gives, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import compose, ensemble, feature_extraction, linear_model, naive_bayes, preprocessing, stats, tree

from models.compiled.learner import CompiledLearner
from models.outcome import Batch
from models.shard import Shard
from models.stage import Stage, last_step
from tests.models.compiled.pipelines import Record, Stream, table
from tests.models.compiled.test_learner import check, results

SCALED = preprocessing.StandardScaler
Member = Callable[[], Any]
MEMBERS: dict[str, Member] = {
    "logistic regressions": lambda: SCALED() | linear_model.LogisticRegression(),
    "words": lambda: (
        compose.Select("a") + (compose.Select("w") | preprocessing.OneHotEncoder()) | linear_model.LogisticRegression()
    ),
    "trees": lambda: tree.HoeffdingTreeClassifier(grace_period=10, delta=0.5, tau=0.5),
    "trees of what is scaled": lambda: SCALED() | tree.HoeffdingTreeClassifier(grace_period=10, delta=0.5, tau=0.5),
    "naive Bayes": naive_bayes.GaussianNB,
    "softmax regressions": linear_model.SoftmaxRegression,
}
RULES: dict[str, Callable[[float, float], bool]] = {
    "chance": lambda _, chance: chance < 0.5,
    "a rule": lambda a, _: a > 0.0,
    "its contrary": lambda a, _: a <= 0.0,
}


def test_means_of_labels_that_are_classes_are_those_of_river() -> None:
    means = feature_extraction.TargetAgg(by="s", how=stats.Mean()) + compose.Select("a")
    model = ensemble.BaggingClassifier(means | linear_model.SoftmaxRegression(), n_models=2, seed=1)
    river, compiled = (Shard([Stage("model", model, label="y")], is_compiled=each) for each in (False, True))
    records: list[Record] = [{"s": "AB"[at % 2], "a": at % 3, "y": (7, 2, 9)[at // 2 % 3]} for at in range(40)]
    expected = results(river, Batch([dict(record) for record in records], [0] * 40))
    assert results(compiled, Batch(table(records, ("s", "a", "y")), [0] * 40)) == expected


def _fields(member: str) -> compose.Discard:
    """All but the key, and text for those only that take it."""
    return compose.Discard(*("k" if member == "words" else "kw"))


@st.composite
def drifting_records(draw: st.DrawFn) -> list[Record]:
    """Records whose labels follow another rule after each stretch; keys take turns at random."""
    stretches = draw(st.lists(st.tuples(st.sampled_from(sorted(RULES)), st.integers(30, 250)), min_size=1, max_size=5))
    rng = Random(draw(st.integers(0, 99)))
    records: list[Record] = []
    for rule, length in stretches:
        for _ in range(length):
            a, b = rng.uniform(-1, 1), rng.uniform(-1, 1)
            label = None if rng.random() < 0.02 else RULES[rule](a, rng.random())
            records.append({"a": a, "b": b, "w": rng.choice("XYZ"), "k": rng.choice(["JFK", "LGA"]), "y": label})
    return records


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("member", MEMBERS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_models_begin_anew_where_those_of_river_do(member: str, key: str | None, data: st.DataObject) -> None:
    records, size = data.draw(drifting_records()), data.draw(st.integers(40, 300))
    bagged = ensemble.ADWINBaggingClassifier(MEMBERS[member](), n_models=2, seed=data.draw(st.integers(0, 3)))
    stream = Stream(
        [records[start : start + size] for start in range(0, len(records), size)], ("a", "b", "w", "k", "y")
    )
    check(Stage("model", _fields(member) | bagged, label="y", key=key), stream, data)


@pytest.mark.parametrize("member", MEMBERS)
def test_models_begin_anew_again_and_again_without_river(member: str) -> None:
    bagged = ensemble.ADWINBaggingClassifier(MEMBERS[member](), n_models=2, seed=1)
    river, compiled = (
        Shard([Stage("model", _fields(member) | bagged, label="y")], is_compiled=each) for each in (False, True)
    )
    rng, changes = Random(1), 0
    for start in range(0, 6_000, 500):
        label = RULES["chance" if start % 1_000 else "a rule"]
        values = [rng.uniform(-1, 1) for _ in range(500)]
        records: list[Record] = [{"a": a, "w": rng.choice("XYZ"), "y": label(a, rng.random())} for a in values]
        before = list(last_step(river.model).models)
        expected = results(river, Batch([dict(record) for record in records], [0] * 500))
        assert results(compiled, Batch(table(records, ("a", "w", "y")), [0] * 500)) == expected
        assert isinstance(compiled.estimator, CompiledLearner)
        assert compiled.estimator.is_in_columns
        changes += sum(one is not other for one, other in zip(before, last_step(river.model).models, strict=True))
    assert changes > 4  # so many that places are tidied up


def test_models_that_begin_anew_by_turns_in_river_and_compiled_forget_all_that_was_before() -> None:
    bagged = ensemble.ADWINBaggingClassifier(linear_model.SoftmaxRegression(), n_models=2, seed=1)
    river, compiled = (Shard([Stage("model", bagged, label="y")], is_compiled=each) for each in (False, True))
    rng = Random(1)
    for number in range(24):
        label = RULES["a rule" if number % 4 > 1 else "chance"]  # two frames of each, one compiled and one by river
        values = [rng.uniform(-1, 1) for _ in range(300)]
        names = f"{number // 8} yes", f"{number // 8} no"
        records: list[Record] = [{"a": a, "y": names[label(a, rng.random())]} for a in values]
        given = table(records, ("a", "y")) if number % 2 else [dict(record) for record in records]
        expected = results(river, Batch([dict(record) for record in records], [0] * 300))
        assert results(compiled, Batch(given, [0] * 300)) == expected


def test_what_only_a_model_that_begins_anew_cannot_take_spoils_nothing() -> None:
    scaled = SCALED() | tree.HoeffdingTreeClassifier(grace_period=10, delta=0.5, tau=0.5)
    bagged = ensemble.ADWINBaggingClassifier(scaled, n_models=2, seed=1)
    river, compiled = (Shard([Stage("model", bagged, label="y")], is_compiled=each) for each in (False, True))
    rng, ways = Random(1), []
    for number in range(8):
        values = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(500)]
        label = RULES["a rule" if number % 2 else "chance"]
        records: list[Record] = [{"a": a, "b": b, "y": label(a, rng.random())} for a, b in values]
        if number == 3:
            records = [{**record, "b": record["b"] * 1e-150} for record in records[:-1]] + records[-1:]
        expected = results(river, Batch([dict(record) for record in records], [0] * 500))
        assert results(compiled, Batch(table(records, ("a", "b", "y")), [0] * 500)) == expected
        assert isinstance(compiled.estimator, CompiledLearner)
        ways.append(compiled.estimator.is_in_columns)
    assert ways == [number != 3 for number in range(8)]
