"""What is dropped by intent is neither dead nor learned from, whatever learns and however records are cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import compose, linear_model, preprocessing

from models import Filter, RollingCount, Rules, Sample, Split
from models.expectations import InRange
from models.failure import LearnFailed
from models.filtering import Filtered
from models.outcome import Batch, Outcome
from models.pickled import dump, load
from models.shard import Shard
from models.stage import Stage
from schemas.column import Numbers
from schemas.errors import Fatal
from schemas.table import Table
from tests.models.pipelines import Record, batch, departures, phishing
from tests.models.test_shard import Stumbling, said


def scaled() -> Any:
    return compose.Discard("kind") | preprocessing.StandardScaler() | linear_model.LogisticRegression()


def only_long() -> Filter:
    return Filter("long_url > 0.5")


def fates(outcome: Outcome) -> list[str]:
    count = len(outcome.predictions)
    dead, filtered = set(outcome.rejected), {position for position, _ in outcome.filtered}
    predicted = {i for i in range(count) if outcome.predictions[i] is not None}
    assert dead | filtered | predicted == set(range(count))
    assert len(dead) + len(filtered) + len(predicted) == count
    return ["dead" if i in dead else "filtered" if i in filtered else "predicted" for i in range(count)]


def apply(stages: list[Stage], records: list[Record], size: int) -> tuple[list[Any], Shard]:
    shard, got = Shard(stages), list[Any]()
    for start in range(0, len(records), size):
        outcome = shard.apply(batch(records[start : start + size]))
        fates(outcome)
        got += said(outcome.predictions)
        shard = load(dump(shard))
    return got, shard


@pytest.mark.parametrize("front", [True, False], ids=["in the model's pipeline", "in a pipeline of its own"])
@pytest.mark.parametrize("options", [{}, {"batch": 16}, {"key": "kind"}], ids=["single", "batch", "keyed"])
def test_what_is_left_is_learned_as_if_the_rest_had_never_been(options: dict[str, Any], *, front: bool) -> None:
    records = [{**record, "kind": "abc"[i % 3]} for i, record in enumerate(phishing()[:300])]
    kept = [record for record in records if record["long_url"] > 0.5]
    assert 50 < len(kept) < 250
    stages = [Stage("model", only_long() | scaled(), label="y", **options)]
    if not front:
        stages = [Stage("long", only_long()), Stage("model", scaled(), label="y", **options)]
    expected, reference = apply([Stage("model", scaled(), label="y", **options)], kept, 1_000)
    for size in (1, 13, 1_000):
        got, shard = apply(stages, records, size)
        assert [p for p in got if p is not None] == expected
        assert len(got) == len(records)
        assert (shard.learned, shard.rejects.rejected) == (reference.learned, 0)


def test_a_frame_of_columns_is_filtered_as_well() -> None:
    records = phishing()[:200]
    columns = Table({name: Numbers(np.array([record[name] for record in records])) for name in records[0]})
    stages = [Stage("model", only_long() | scaled(), label="y", batch=16)]
    by_columns = Shard(stages).apply(Batch(columns, [0] * len(records)))
    by_records = Shard(stages).apply(batch(records))
    assert by_columns.predictions == by_records.predictions
    assert by_columns.filtered == by_records.filtered
    assert set(fates(by_columns)) == {"filtered", "predicted"}


def test_nodes_in_front_of_a_filter_have_seen_the_record_and_nodes_behind_it_have_not() -> None:
    count = RollingCount(by="origin", window="365d", on="at")
    keep = compose.Select("origin", "delay", "at")
    stages = [
        Stage("before", keep + count),
        Stage("few", Filter("origin == 'JFK'")),
        Stage("after", keep + RollingCount(by="origin", window="365d", on="at", name="own")),
    ]
    records = departures()[:60]
    outcome = Shard(stages).apply(batch(records))
    assert all(row is not None for row in outcome.features["before"])
    dropped = {i for i, record in enumerate(records) if record["origin"] != "JFK"}
    assert outcome.filtered == [(position, "few") for position in sorted(dropped)]
    assert {i for i, row in enumerate(outcome.features["after"]) if row is None} == dropped
    assert [row["own"] for row in outcome.features["after"] if row] == list(range(1, 61 - len(dropped)))


def test_a_filter_comes_before_nulls_are_looked_for() -> None:
    stage = Stage("model", Filter("a > 0") | linear_model.LinearRegression(), label="y")
    outcome = Shard([stage]).apply(batch([{"a": None, "b": 1.0, "y": 1.0}, {"a": 1.0, "b": None, "y": 1.0}]))
    assert fates(outcome) == ["filtered", "dead"]


def test_a_condition_that_fails_makes_a_dead_letter() -> None:
    stage = Stage("model", Filter(lambda x: 1 / x["a"] > 0) | linear_model.LinearRegression(), label="y")
    outcome = Shard([stage]).apply(batch([{"a": 0.0, "y": 1.0}, {"a": 1.0, "y": 1.0}, {"a": -1.0, "y": 1.0}]))
    assert fates(outcome) == ["dead", "predicted", "filtered"]


def test_a_record_that_fails_behind_a_filter_is_taken_back() -> None:
    stages = [
        Stage("count", compose.Select("a") + RollingCount(by="a", window="1d", on="a")),
        Stage("model", Filter("a != 2") | Stumbling(), label="y"),
    ]
    with pytest.raises(LearnFailed) as caught:
        Shard(stages).apply(batch([{"a": 2.0, "y": 1.0}, {"a": -1.0, "y": 1.0}]))
    assert caught.value.index == 1


@pytest.mark.parametrize(
    "pipeline",
    [
        preprocessing.StandardScaler() | Filter("a > 0"),
        compose.Select("a") + Filter("a > 0"),
        preprocessing.StandardScaler() | Sample("1%", by="a"),
        compose.Select("a") + Rules(InRange("a", 0)),
        compose.Pipeline(compose.Select("a"), compose.Pipeline(compose.Select("a"), Rules(InRange("a", 0)))),
    ],
    ids=str,
)
def test_what_turns_records_away_stands_in_front(pipeline: Any) -> None:
    with pytest.raises(Fatal, match=r'node "node": \w+ stands'):
        Stage("node", pipeline)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()), min_size=1))
def test_a_larger_sample_holds_a_smaller_one(values: list[Any]) -> None:
    small, large = Sample("20%", by="id"), Sample("60%", by="id")
    for value in values:
        assert not holds(small, value) or holds(large, value)
        assert not holds(Sample("0%", by="id"), value)
        assert holds(Sample("100%", by="id"), value)


def test_a_sample_has_its_share_and_another_seed_another_one() -> None:
    drawn = [{i for i in range(10_000) if holds(Sample("10%", by="id", seed=seed), i)} for seed in (1, 2)]
    assert [900 < len(sample) < 1_100 for sample in drawn] == [True, True]
    assert 50 < len(drawn[0] & drawn[1]) < 150


def test_the_same_values_are_drawn_in_every_release() -> None:
    assert [i for i in range(40) if holds(Sample("10%", by="id"), i)] == DRAWN
    assert holds(Sample("10%", by="id"), float(DRAWN[0]))


DRAWN = [15, 17, 32, 33, 37, 39]


def holds(sample: Sample, value: Any) -> bool:
    try:
        return bool(sample.transform_one({"id": value}))
    except Filtered:
        return False


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(), min_size=1))
def test_a_value_is_always_in_the_same_part(values: list[str]) -> None:
    split = Split("id", {"train": "70%", "test": "30%"}, seed=4)
    for value in values:
        part = split.transform_one({"id": value, "more": 1})["part"]
        assert part == load(dump(split)).transform_one({"id": value, "more": 2})["part"]
        assert part in ("train", "test")


def test_parts_have_their_shares() -> None:
    split = Split("id", {"train": "70%", "tune": "20%", "test": "10%"})
    parts = [split.transform_one({"id": i})["part"] for i in range(10_000)]
    assert [round(parts.count(part) / 1_000) for part in ("train", "tune", "test")] == [7, 2, 1]


@pytest.mark.parametrize("parts", [{}, {"train": "80%"}, {"train": "80%", "test": "30%"}, {"train": "all"}])
def test_parts_make_the_whole(parts: dict[str, str]) -> None:
    with pytest.raises(Fatal, match="expected"):
        Split("id", parts)
