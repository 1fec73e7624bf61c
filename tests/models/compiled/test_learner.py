"""A compiled stage gives what river gives: predictions, rejections and state, to the last bit."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import anomaly, cluster, compose, linear_model, optim, preprocessing, tree

from models import Filter
from models.compiled.learner import CompiledLearner
from models.failure import LearnFailed
from models.learner import Learner
from models.outcome import Batch, Outcome
from models.pickled import dump, load
from models.predictions import Prediction
from models.recovery import MemoryState, Recoverable
from models.shard import Shard
from models.stage import Stage, last_step
from schemas.column import Numbers, Words
from schemas.table import Table
from tests.models.compiled.pipelines import (
    Record,
    Stream,
    keyed_pipelines,
    mixed_pipelines,
    pipelines,
    streams,
    table,
    unlabelled_pipelines,
    unlabelled_streams,
)


def results(shard: Shard, batch: Batch) -> list[Any]:
    """What a frame gives, and what is known afterwards, in a form that is equal only where every bit is."""
    outcome = shard.apply(batch)
    known = shard.metrics.as_dict() if shard.metrics else None
    return [*_said(outcome), outcome.learned, shard.learned, shard.learned_until, repr(known)]


def _results_or_failure(shard: Shard, batch: Batch) -> list[Any] | str:
    """The results, or where and why learning has failed."""
    try:
        return results(shard, batch)
    except LearnFailed as failure:
        return f"{failure.index}: {failure.error}"


def _said(outcome: Outcome) -> tuple[str, dict[int, tuple[str, str, str]], list[tuple[int, str]]]:
    refused = {at: (node, error.reason, str(error)) for at, (node, error) in outcome.rejected.items()}
    return repr([each and _plain(each) for each in outcome.predictions]), refused, outcome.filtered


def _plain(said: Prediction) -> tuple[Any, ...]:
    """A prediction in which 0 is 0.0: river gives both."""
    if said.probabilities is None:
        return float(said.prediction), said.label, said.count
    return said.prediction, {label: float(p) for label, p in said.probabilities.items()}, said.label, said.count


@pytest.mark.parametrize("regression", [False, True])
@settings(max_examples=60)
@given(data=st.data())
def test_any_pipeline_over_any_stream_gives_what_river_gives(regression: bool, data: st.DataObject) -> None:
    stage = Stage("model", data.draw(pipelines(regression=regression)), label="y")
    check(stage, data.draw(streams(regression=regression)), data)


@settings(max_examples=60)
@given(data=st.data())
def test_a_model_for_each_key_gives_what_river_gives(data: st.DataObject) -> None:
    stage = Stage("model", data.draw(keyed_pipelines()), label="y", key="k")
    check(stage, data.draw(streams(regression=False, keyed=True)), data)


@pytest.mark.parametrize("regression", [False, True])
@pytest.mark.parametrize("key", [None, "k"])
@settings(max_examples=60)
@given(data=st.data())
def test_text_and_unions_give_what_river_gives(key: str | None, regression: bool, data: st.DataObject) -> None:
    stage = Stage("model", data.draw(mixed_pipelines(regression=regression)), label="y", key=key)
    check(stage, data.draw(streams(regression=regression, keyed=key is not None, mixed=True)), data)


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("keyed", [False, True])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_without_a_label_it_gives_what_river_gives(keyed: bool, mixed: bool, data: st.DataObject) -> None:
    pipeline = data.draw(unlabelled_pipelines(keyed=keyed, mixed=mixed))
    stage = Stage("model", pipeline, key="k" if keyed else None)
    shards = check(stage, data.draw(unlabelled_streams(keyed=keyed, mixed=mixed)), data)
    models = [list(shard.model.values()) if keyed else [shard.model] for shard in shards] or [[], []]
    for theirs, ours in zip(*models, strict=True):
        assert whole(last_step(ours)) == whole(last_step(theirs))


def check(stage: Stage, stream: Stream | list[Stream], data: st.DataObject, *, is_compiled: bool = True) -> list[Shard]:
    """The frames give the same by river and compiled, as columns or not, stored or changed over in between or not.

    Gives both, if no record has made learning fail, which leaves shards that have to be restored. Several streams, one
    behind the other, may have different fields. What is tame has to go compiled, up to the first frame that is not,
    unless a step may leave it to river: then it `is_compiled` no more.
    """
    streams = stream if isinstance(stream, list) else [stream]
    frames = [(records, each.names) for each in streams for records in each.frames]
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    assert isinstance(compiled.estimator, CompiledLearner)
    goes_by_twins = True
    for number, (records, names) in enumerate(frames):
        times = [1_000 * number + place for place in range(len(records))]
        way = data.draw(st.sampled_from(["columns", "records", "stored", "changed over"]))
        given_as = [dict(record) for record in records] if way == "records" else table(records, names)
        expected = _results_or_failure(river, Batch([dict(record) for record in records], times))
        assert _results_or_failure(compiled, Batch(given_as, times)) == expected
        if isinstance(expected, str):
            return []
        is_compiled = is_compiled and _is_tame(records, stage)
        if is_compiled and goes_by_twins and records and way != "records":
            assert compiled.is_in_columns
        if way == "stored":
            compiled = load(dump(compiled))
        elif way == "changed over":
            goes_by_twins = not goes_by_twins
            compiled = changed_over(compiled, stage, is_compiled=goes_by_twins)
    assert compiled.model.keys() == river.model.keys() if stage.key else True
    return [river, compiled]


def changed_over(before: Shard, stage: Stage, *, is_compiled: bool) -> Shard:
    """What goes on by twins, or by river, with what a shard had learned when it was stored."""
    after = Shard([stage], is_compiled=is_compiled)
    after.adopt(load(dump(before)))
    assert isinstance(after.estimator, CompiledLearner if is_compiled else Learner)
    return after


def _is_tame(records: list[Record], stage: Stage) -> bool:
    """Whether twins take all features: none is null, large or no number, or text where models in leaves take numbers.

    Labels and keys may be missing.
    """
    values = [value for x in records for name, value in x.items() if name not in (stage.label, stage.key)]
    last = last_step(stage.fresh())
    model = last_step(getattr(last, "model", last))
    if getattr(model, "nominal_attributes", None):
        return False  # of which a scaler by range makes no numbers before it has learned
    takes_no_text = isinstance(model, tree.HoeffdingTreeRegressor) and model.leaf_prediction != "mean"
    if takes_no_text and any(isinstance(value, str) for value in values):
        return False
    return all(isinstance(value, str) or (value is not None and abs(value) < 10) for value in values)


def _ratio(x: Record) -> Record:
    return {"b": x["b"], "ratio": x["b"] / x["w"], "s": x["s"]}


def _truths(x: Record) -> Record:
    return {"w": x["w"] % 2 if x["d"] else x["w"] % 2 == 1}


def _maybe(x: Record) -> Record:
    return x if x["d"] else {"a": x["a"]}


IN_FRONT = [
    lambda: [compose.FuncTransformer(_ratio), compose.Select("ratio", "b")],
    lambda: [compose.FuncTransformer(_ratio), compose.Select("s"), preprocessing.OneHotEncoder()],
    lambda: [compose.Select("a", "d"), compose.FuncTransformer(_maybe)],
    lambda: [Filter("w > 2"), compose.Select("a", "b"), preprocessing.StandardScaler()],
    lambda: [Filter("w > 5"), compose.Select("a")],
]


@pytest.mark.parametrize("key", [None, "k"])
@settings(max_examples=60)
@given(data=st.data())
def test_steps_in_front_need_no_twin(key: str | None, data: st.DataObject) -> None:
    steps = data.draw(st.sampled_from(IN_FRONT))()
    stage = Stage("model", compose.Pipeline(*steps, linear_model.LogisticRegression()), label="y", key=key)
    stream = data.draw(streams(regression=False, keyed=key is not None, mixed=True))
    check(stage, stream, data, is_compiled=False)


CHANGING = [
    compose.FuncTransformer(_maybe) | compose.Select("a", "w"),
    compose.FuncTransformer(_truths) | preprocessing.OneHotEncoder(),
]


@pytest.mark.parametrize("front", CHANGING, ids=["lacks a field that is chosen", "gives truths for whole numbers"])
def test_what_a_function_gives_may_change_from_frame_to_frame(front: Any) -> None:
    stage = Stage("model", front | linear_model.LogisticRegression(), label="y")
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    for d in (True, False, True):
        records: list[Record] = [{"a": 1.0, "w": 1, "d": d, "y": True}] * 3
        expected = results(river, Batch([dict(record) for record in records], [0] * 3))
        assert results(compiled, Batch(table(records, ("a", "w", "d", "y")), [0] * 3)) == expected


def _holes(x: Record) -> Record:
    """Null where a value is large."""
    return {name: None if value is not None and value > 1.2 else value for name, value in x.items()}


def _only(x: Record) -> Record:
    return {"a": x["a"], "d": 1 / x["a"]}


FRONTS = [
    preprocessing.StandardScaler,
    lambda: preprocessing.StandardScaler() | compose.FuncTransformer(_holes),
    lambda: compose.FuncTransformer(_only),
    lambda: Filter("a > 0"),
]


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("front", FRONTS, ids=["learns", "learns and spoils", "fails", "filters"])
@settings(max_examples=25)
@given(data=st.data())
def test_behind_any_stage_it_gives_what_river_gives(front: Any, key: str | None, data: st.DataObject) -> None:
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    stages = [Stage("front", compose.Discard("k") | front()), Stage("model", model, label="y", key=key)]
    stream = data.draw(streams(regression=False, keyed=key is not None))

    def decode(frame: bytes, *, is_table: bool) -> Batch:
        records = load(frame)
        rows = table(records, stream.names) if is_table else records
        return Batch(rows, list(range(len(records))))

    river = Recoverable(partial(decode, is_table=False), lambda: Shard(stages), MemoryState())
    compiled = Recoverable(partial(decode, is_table=True), lambda: Shard(stages, is_compiled=True), MemoryState())
    for records in stream.frames:
        ours, theirs = compiled.process(dump(records)), river.process(dump(records))
        assert _said(ours) == _said(theirs)
        assert repr(ours.features) == repr(theirs.features)
        assert compiled.shard.learned == river.shard.learned


def test_what_river_cannot_square_is_refused_and_leaves_no_trace() -> None:
    stage = Stage("model", linear_model.LinearRegression(optim.AdaGrad()), label="y")

    def decode(frame: bytes) -> Batch:
        records = load(frame)
        return Batch(table(records, ("a", "y")), [0] * len(records))

    good: list[Record] = [{"a": 1.0, "y": 2.0}, {"a": 1.0, "y": 1.0}, {"a": 3.0, "y": 2.0}]
    ours, without = (Recoverable(decode, lambda: Shard([stage], is_compiled=True), MemoryState()) for _ in range(2))
    outcome = ours.process(dump([*good[:2], {"a": 1e200, "y": 1e200}, good[2]]))
    without.process(dump(good))
    assert {at: error.reason for at, (_, error) in outcome.rejected.items()} == {2: "learn_failed"}
    assert "OverflowError" in str(outcome.rejected[2].error)
    assert ours.shard.model.weights == without.shard.model.weights
    assert ours.shard.model.intercept == without.shard.model.intercept


@pytest.mark.parametrize(
    "loss", [optim.losses.Log(2.0, 0.5), optim.losses.Hinge()], ids=lambda loss: type(loss).__name__
)
def test_labels_that_are_no_whole_numbers_teach_what_they_teach_river(loss: Any) -> None:
    stage = Stage("model", linear_model.LogisticRegression(loss=loss), label="y")
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    records = [{"a": 1.0, "y": y} for y in (0.5, 1.0, -0.25, 1.75, 0.0, -3.5)]
    expected = results(river, Batch([dict(record) for record in records], [0] * 6))
    assert results(compiled, Batch(table(records, ("a", "y")), [0] * 6)) == expected
    assert compiled.is_in_columns


def test_labels_that_are_no_floats_teach_what_they_teach_river() -> None:
    stage = Stage("model", linear_model.PARegressor(mode=0), label="y")
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    records: list[Record] = [{"a": 1.0, "y": 2**53 + at} for at in range(8)]
    expected = results(river, Batch([dict(record) for record in records], [0] * 8))
    assert results(compiled, Batch(table(records, ("a", "y")), [0] * 8)) == expected


def test_what_columns_cannot_hold_stays_as_river_has_learned_it() -> None:
    model = preprocessing.MinMaxScaler() | linear_model.LogisticRegression()
    stage = Stage("model", compose.Discard("k") | model, label="y", key="k")
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    for key in ("JFK", "LGA", "JFK"):
        records = [{"a": 1 << 52, "k": key, "y": True}]
        expected = results(river, Batch([dict(record) for record in records], [0]))
        assert results(compiled, Batch(table(records, ("a", "k", "y")), [0])) == expected
    assert repr(compiled.model["JFK"][-1].weights) == repr(river.model["JFK"][-1].weights)
    assert compiled.model["JFK"][-1].intercept == river.model["JFK"][-1].intercept != 0.0


def test_only_keys_of_records_that_come_to_a_model_have_one() -> None:
    stage = Stage("model", compose.Discard("k") | linear_model.LinearRegression(), label="y", key="k")
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    keys = Words.of(np.array([0, 1, -1, 2], np.int32), ["JFK", "LGA", "EWR", "a symbol that no record has"])
    numbers = {"a": Numbers(np.array([1.0, 2.0, 3.0, np.nan])), "y": Numbers(np.array([1.0, np.nan, 1.0, 1.0]))}
    frame = Table({**numbers, "k": keys})
    assert results(compiled, Batch(frame, [0] * 4)) == results(river, Batch(list(frame), [0] * 4))
    assert compiled.is_in_columns
    assert list(compiled.model) == list(river.model) == ["JFK", "EWR"]


def test_each_key_begins_where_the_optimizer_of_the_author_has_come_to() -> None:
    model = linear_model.LinearRegression(optim.SGD(optim.schedulers.InverseScaling(0.1)), intercept_init=0.5)
    model.learn_one({}, 2.0)
    stage = Stage("model", compose.Discard("k") | model, label="y", key="k")
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    records: list[Record] = [{"a": 1.0, "k": key, "y": 3.0} for key in ("JFK", "LGA", "JFK", "LGA")]
    expected = results(river, Batch([dict(record) for record in records], [0] * 4))
    assert results(compiled, Batch(table(records, ("a", "k", "y")), [0] * 4)) == expected
    assert compiled.is_in_columns


def _unsorted(x: Record) -> Record:
    return {1: x["a"], "a": x["a"]}  # type: ignore[dict-item]  # names that Python cannot sort


def test_what_river_cannot_grow_trees_for_fails_at_the_same_record_with_the_same_text() -> None:
    stages = [Stage("front", compose.FuncTransformer(_unsorted)), Stage("scores", anomaly.HalfSpaceTrees(2, 2, 2))]
    failures = []
    for is_compiled in (False, True):
        records: list[Record] = [{"a": None}, {"a": 1.0}, {"a": 2.0}]
        with pytest.raises(LearnFailed) as failed:
            Shard(stages, is_compiled=is_compiled).apply(Batch(list(records), [0, 1, 2]))
        failures.append((failed.value.index, failed.value.node, failed.value.error.reason, str(failed.value.error)))
    assert failures[0] == failures[1]
    assert failures[0][:3] == (1, "scores", "learn_failed")


def test_trees_and_centers_go_over_to_river_whole() -> None:
    for model in (anomaly.HalfSpaceTrees(2, 3, 5, seed=1), cluster.KMeans(3, seed=1)):
        river, compiled = Shard([Stage("model", model)]), Shard([Stage("model", model)], is_compiled=True)
        for start in range(0, 14, 7):
            records = [{"a": at * 5 % 11 / 11, "b": at * 7 % 13 / 13} for at in range(start, start + 7)]
            river.apply(Batch([dict(record) for record in records], list(range(7))))
            compiled.apply(Batch(table(records, ("a", "b")), list(range(7))))
            assert compiled.is_in_columns
        assert whole(compiled.model) == whole(river.model)


def whole(model: Any) -> str:
    """All that decides what a model will say."""
    if isinstance(model, cluster.KMeans):
        centers = [[(name, at + 0.0) for name, at in center.items()] for center in model.centers.values()]
        return repr([model._rng.getstate(), centers])
    masses = [(node.l_mass, node.r_mass) for nodes in model._tree_nodes for node in nodes]
    splits = [(node.feature, node.threshold) for nodes in model._tree_nodes for node in nodes if hasattr(node, "left")]
    return repr([model.rng.getstate(), model.counter, model._first_window, masses, splits])
