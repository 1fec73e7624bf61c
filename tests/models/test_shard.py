"""A shard does what a plain river loop does, to the last bit, and keeps bad records away from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import base, compose, linear_model, preprocessing
from river.utils.pandas import import_pandas

from models import Derive, Filter, InRange, Rules
from models.failure import LearnFailed
from models.outcome import Batch
from models.pickled import dump, load
from models.predictions import Prediction
from models.recovery import MemoryState, Recoverable
from models.rolling import RollingMean
from models.shard import Shard
from models.stage import Stage
from schemas.column import Numbers
from schemas.errors import BadRecord, Fatal
from schemas.table import Table
from tests.models.pipelines import CASES, Case, Record, bare, batch, departures, numbers_of, phishing

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def said(predictions: Sequence[Prediction | None]) -> list[Any]:
    return [p and (p.prediction if p.probabilities is None else p.probabilities) for p in predictions]


@cases
def test_predictions_equal_those_of_a_river_loop(case: Case) -> None:
    records = case.records()
    expected, model = bare(case, records)
    shard = Shard([case.stage()])
    got: list[Any] = []
    for start in range(0, len(records), 97):
        got += said(shard.apply(batch(records[start : start + 97])).predictions)
    assert got == expected
    x = {name: value for name, value in records[0].items() if name != "y"}
    assert shard.model.predict_one(x) == model.predict_one(x)
    assert shard.learned == len(records)


@cases
def test_the_choice_is_that_of_predict_one(case: Case) -> None:
    records = case.records()[:150]
    shard, model = Shard([case.stage()]), case.pipeline()
    for record in records:
        x = {name: value for name, value in record.items() if name != "y"}
        (prediction,) = shard.apply(batch([record])).predictions
        assert prediction is not None
        assert prediction.prediction == model.predict_one(x)
        model.learn_one(x, record["y"])


@cases
def test_records_without_label_are_only_predicted(case: Case) -> None:
    records = [{**record, "y": None} if index % 5 == 3 else record for index, record in enumerate(case.records()[:200])]
    expected, _ = bare(case, records)
    shard = Shard([case.stage()])
    outcome = shard.apply(batch(records))
    assert said(outcome.predictions) == expected
    assert shard.learned == outcome.learned == sum(record["y"] is not None for record in records)


@cases
@pytest.mark.parametrize("bad", [None, float("nan"), float("inf")])
def test_bad_features_leave_no_trace(case: Case, bad: Any) -> None:
    if case.name == "union" and bad is None:
        pytest.skip("SelectType(float) takes no nulls in, so there is nothing to reject")
    records = case.records()[:120]
    expected, _ = bare(case, records)
    field = next(name for name, value in records[0].items() if isinstance(value, float))
    spoiled = [copy for record in records for copy in (record, {**record, field: bad})]
    outcome = Shard([case.stage()]).apply(batch(spoiled))
    assert said(outcome.predictions[::2]) == expected
    assert set(outcome.rejected) == set(range(1, len(spoiled), 2))
    assert {r.error.reason for r in outcome.rejected.values()} == {"null_feature" if bad is None else "not_finite"}


def test_bad_labels_are_rejected() -> None:
    shard = Shard([Stage("model", linear_model.LinearRegression(), label="y")])
    labels = [1.0, float("nan"), "late", None, 2]
    outcome = shard.apply(batch([{"a": 1.0, "y": y} for y in labels]))
    assert {i: r.error.reason for i, r in outcome.rejected.items()} == {1: "not_finite", 2: "wrong_type"}
    assert (shard.learned, shard.rejects.records, shard.rejects.rejected) == (2, 5, 2)


def test_undecoded_records_are_rejected_in_place() -> None:
    shard = Shard([Stage("model", linear_model.LinearRegression(), label="y")])
    outcome = shard.apply(Batch([BadRecord("corrupt", "broken"), {"a": 1.0, "y": 1.0}], [0, 7]))
    assert outcome.predictions[0] is None
    assert outcome.rejected[0].error.reason == "corrupt"
    assert shard.learned_until == 7


def test_an_imputer_takes_nulls_but_not_nan() -> None:
    pipeline = preprocessing.PreviousImputer() | preprocessing.StandardScaler() | linear_model.LinearRegression()
    shard = Shard([Stage("model", pipeline, label="y")])
    values = [1.0, None, float("nan"), 3.0]
    outcome = shard.apply(batch([{"a": a, "y": 1.0} for a in values]))
    assert {i: r.error.reason for i, r in outcome.rejected.items()} == {2: "not_finite"}


def test_an_imputer_that_knows_nothing_yet_does_not_let_nulls_through() -> None:
    pipeline = preprocessing.PreviousImputer() | preprocessing.StandardScaler() | linear_model.LinearRegression()
    outcome = Shard([Stage("model", pipeline, label="y")]).apply(batch([{"a": None, "y": 1.0}]))
    assert outcome.rejected[0].error.reason == "null_feature"


def test_nulls_in_fields_that_are_not_used_do_no_harm() -> None:
    shard = Shard([Stage("model", compose.Select("a") | linear_model.LinearRegression(), label="y")])
    assert not shard.apply(batch([{"a": 1.0, "b": None, "y": 1.0}])).rejected


def test_transformers_include_the_record_itself_and_learn_without_label() -> None:
    rolling = RollingMean("delay", by="origin", window="1h", on="at")
    stages = [
        Stage("delays", compose.FuncTransformer(_keep) + rolling),
        Stage("model", compose.Discard("origin", "at") | linear_model.LogisticRegression(), label="y"),
    ]
    records = [{**record, "y": record["y"] if index % 2 else None} for index, record in enumerate(departures()[:100])]
    outcome = Shard(stages).apply(batch(records))
    reference = RollingMean("delay", by="origin", window="1h", on="at")
    for record, row in zip(records, outcome.features["delays"], strict=True):
        reference.learn_one(record)
        assert row is not None
        assert row["origin_delay_mean_1h"] == reference.transform_one(record)["origin_delay_mean_1h"]
        assert "y" not in row


def test_there_is_a_model_for_each_key() -> None:
    case = next(case for case in CASES if case.name == "function")
    records = case.records()
    shard = Shard([case.stage(key="origin")])
    outcome = shard.apply(batch([*records, {**records[0], "origin": None}]))
    for origin in ("JFK", "EWR", "LGA"):
        own = [(r, p) for r, p in zip(records, said(outcome.predictions[:-1]), strict=True) if r["origin"] == origin]
        assert [p for _, p in own] == bare(case, [r for r, _ in own])[0]
    assert set(shard.model) == {"JFK", "EWR", "LGA"}
    assert outcome.rejected[len(records)].error.reason == "null_key"


def test_a_failure_in_predict_is_a_bad_record_that_names_the_users_line() -> None:
    shard = Shard([Stage("model", compose.FuncTransformer(_ratio) | linear_model.LinearRegression(), label="y")])
    outcome = shard.apply(batch([{"a": 1.0, "b": 0.0, "y": 1.0}, {"a": 1.0, "b": 1.0, "y": 1.0}]))
    error = outcome.rejected[0].error
    assert error.reason == "transform_failed"
    assert "in _ratio: ZeroDivisionError" in error.message
    assert shard.learned == 1


def test_a_failure_inside_learning_says_so() -> None:
    shard = Shard([Stage("model", Stumbling(), label="y")])
    with pytest.raises(LearnFailed) as caught:
        shard.apply(batch([{"a": 1.0, "y": 1.0}, {"a": -1.0, "y": 1.0}]))
    assert (caught.value.index, caught.value.node, caught.value.error.reason) == (1, "model", "learn_failed")


@pytest.mark.parametrize("cut", [1, 7, 64, 1000])
def test_mini_batches_do_not_depend_on_how_records_are_cut(cut: int) -> None:
    records = [{**r, "y": None} if i % 9 == 4 else r for i, r in enumerate(phishing()[:500])]
    stage = CASES[0].stage(batch=64)
    whole, pieces = Shard([stage]), Shard([stage])
    expected = whole.apply(batch(records)).predictions
    got: list[Prediction | None] = []
    for start in range(0, len(records), cut):
        got += pieces.apply(batch(records[start : start + cut])).predictions
        pieces = load(dump(pieces))
    assert got == expected
    assert pieces.model[1].weights == whole.model[1].weights
    assert pieces.learned == whole.learned == 444 // 64 * 64


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 80), min_size=1, max_size=5))
def test_mini_batches_of_keys_do_not_depend_on_how_records_are_cut(sizes: list[int]) -> None:
    records = departures()[:200]
    model = compose.FuncTransformer(numbers_of) | preprocessing.StandardScaler() | linear_model.LogisticRegression()
    stage = Stage("model", model, label="y", key="origin", batch=16)
    expected = Shard([stage]).apply(batch(records)).predictions
    pieces, got = Shard([stage]), list[Prediction | None]()
    while len(got) < len(records):
        size = sizes[len(got) % len(sizes)]
        got += pieces.apply(batch(records[len(got) : len(got) + size])).predictions
    assert got == expected


@settings(deadline=None)
@given(st.data())
def test_mini_batches_do_not_depend_on_whether_records_come_as_columns(data: st.DataObject) -> None:
    records = phishing()[:150]
    stage = CASES[0].stage(batch=32)
    as_records, as_either = Shard([stage]), Shard([stage])
    expected = as_records.apply(batch(records)).predictions
    got: list[Prediction | None] = []
    while len(got) < len(records):
        part = records[len(got) : len(got) + data.draw(st.integers(1, 80))]
        given = Batch(_table(part), [0] * len(part)) if data.draw(st.booleans()) else batch(part)
        got += as_either.apply(given).predictions
    assert got == expected
    assert as_either.model[1].weights == as_records.model[1].weights


def test_columns_with_a_number_that_is_not_finite_are_taken_one_by_one() -> None:
    records = phishing()[:40]
    records[7] = {**records[7], "ip_in_url": float("nan")}
    shard = Shard([CASES[0].stage(batch=16)])
    outcome = shard.apply(Batch(_table(records), [0] * len(records)))
    assert {i: r.error.reason for i, r in outcome.rejected.items()} == {7: "not_finite"}


def test_columns_are_taken_as_records_around_those_that_could_not_be_read() -> None:
    records = phishing()[:60]
    bad = BadRecord("corrupt", "the record ends too early")
    table = Table(_table(records).columns, {5: bad, 59: bad})
    by_columns, by_records = Shard([CASES[0].stage(batch=16)]), Shard([CASES[0].stage(batch=16)])
    found = by_columns.apply(Batch(table, [0] * len(records)))
    expected = by_records.apply(Batch([*records[:5], bad, *records[6:59], bad], [0] * len(records)))
    assert found.predictions == expected.predictions
    assert [(at, said.error) for at, said in found.rejected.items()] == [(5, bad), (59, bad)]


def _table(records: list[Record]) -> Table:
    return Table({name: Numbers(np.array([record[name] for record in records])) for name in records[0]})


def test_mini_batches_learn_as_learn_many_does() -> None:
    pd = import_pandas()
    records = phishing()[:256]
    shard, model = Shard([CASES[0].stage(batch=128)]), CASES[0].pipeline()
    shard.apply(batch(records))
    for start in (0, 128):
        table = pd.DataFrame(records[start : start + 128])
        model.learn_many(table.drop(columns="y"), table["y"])
    assert shard.model[1].weights == model[1].weights


def test_mini_batches_reject_the_one_record_that_cannot_be_predicted() -> None:
    records: list[Record] = phishing()[:40]
    records[7] = {**records[7], "ip_in_url": "no"}
    shard = Shard([CASES[0].stage(batch=16)])
    outcome = shard.apply(batch(records))
    assert {i: r.error.reason for i, r in outcome.rejected.items()} == {7: "predict_failed"}
    assert shard.learned == 32


def test_what_passes_beside_a_learner_may_be_null_where_nothing_learns_from_it() -> None:
    scaled = compose.Select("a") | preprocessing.StandardScaler()
    beside = compose.Select("b") + scaled
    records = [{"a": 1.0, "b": None}, {"a": None, "b": 1.0}]
    outcome = Shard([Stage("beside", beside)]).apply(batch(records))
    assert outcome.features["beside"] == [{"b": None, "a": 0.0}, None]
    assert list(outcome.rejected) == [1]
    behind = Shard([Stage("behind", beside | preprocessing.MinMaxScaler())]).apply(batch(records))
    assert list(behind.rejected) == [0, 1]


def test_branches_read_the_same_record_and_a_filter_ends_only_its_own() -> None:
    stages = [
        Stage("far", Filter("a > 1")),
        Stage("doubled", Derive(twice="a * 2")),
        Stage("farther", Derive(more="a + 1")),
        Stage("model", linear_model.LinearRegression(), label="y"),
    ]
    inputs = {"far": "records", "doubled": "records", "farther": "far", "model": "doubled"}
    outcome = Shard(stages, inputs=inputs).apply(batch([{"a": 1.0, "y": 1.0}, {"a": 2.0, "y": 2.0}]))
    assert outcome.features["doubled"] == [{"a": 1.0, "twice": 2.0}, {"a": 2.0, "twice": 4.0}]
    assert outcome.features["farther"] == [None, {"a": 2.0, "more": 3.0}]
    assert (outcome.filtered, outcome.learned) == ([(0, "far")], 2)


def test_what_one_branch_refuses_reaches_none_and_is_not_learned() -> None:
    stages = [
        Stage("scaled", preprocessing.StandardScaler()),
        Stage("checked", Rules(InRange("a", high=5.0))),
        Stage("model", linear_model.LinearRegression(), label="y"),
    ]
    inputs = {"scaled": "records", "checked": "records", "model": "scaled"}
    records = [{"a": 1.0, "y": 1.0}, {"a": 9.0, "y": 2.0}, {"a": 3.0, "y": 2.0}]
    live = Recoverable(lambda _: batch([dict(r) for r in records]), lambda: Shard(stages, inputs=inputs), MemoryState())
    outcome = live.process(b"")
    assert outcome.features["scaled"][1] is None
    assert [index for index, said in enumerate(outcome.predictions) if said is None] == [1]
    assert live.shard.transforms.stages[0].models[None].means["a"] == 2.0
    assert (live.shard.learned, list(outcome.rejected)) == (2, [1])


def test_an_estimator_must_come_last() -> None:
    with pytest.raises(Fatal, match="a regressor comes last"):
        Shard([Stage("a", linear_model.LinearRegression(), label="y"), Stage("b", preprocessing.StandardScaler())])


class Stumbling(base.Regressor):  # type: ignore[misc]
    """Counts half a record before it finds out that it does not like it."""

    def __init__(self) -> None:
        self.begun = 0

    def learn_one(self, x: Record, y: float) -> None:
        self.begun += 1
        if x["a"] < 0:
            raise ValueError("negative")

    def predict_one(self, x: Record) -> float:
        return float(self.begun)


def _keep(x: Record) -> Record:
    return {"delay": x["delay"], "origin": x["origin"], "at": x["at"]}


def _ratio(x: Record) -> Record:
    return {"ratio": x["a"] / x["b"]}
