"""Compiled regression trees are river's, to the last bit: what they predict, and what they have learned."""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import datasets, ensemble, linear_model, optim, preprocessing, tree
from river.datasets import synth

from models.compiled.pipeline import CompiledPipeline
from models.compiled.twin import NoTwin
from models.compiled.twins import twin_of
from models.failure import LearnFailed
from models.outcome import Batch
from models.pickled import dump, load
from models.shard import Shard
from models.stage import Stage
from tests.models.compiled.pipelines import hoeffding_regressors, streams, table
from tests.models.compiled.test_learner import check
from tests.models.compiled.trees.plain import plain
from tests.models.compiled.trees.records import FRONTS, TEXTS, Record, Records, cells_of


def _said(compiled: CompiledPipeline, records: Records, copies: list[int]) -> list[float]:
    """What is predicted of each record, which is then learned unless its label is None."""
    cells = cells_of(compiled.known, [x for x, _ in records])
    learns = np.array([y is not None for _, y in records])
    y = np.array([0.0 if label is None else label for _, label in records], np.float64)
    answers = compiled.learn(cells, y, learns, np.array(copies, np.int32))
    assert answers is not None
    assert answers.numbers is not None
    said: list[float] = answers.numbers.tolist()
    return said


def _river_said(model: Any, x: Record, y: Any) -> float:
    said: float = model.predict_one(x)
    if y is not None:
        model.learn_one(x, y)
    return said


@st.composite
def _streams(draw: st.DrawFn, *, texts: bool) -> list[Records]:
    """Frames of records on which the label depends in part, so that trees grow; drawn by a seed, as they are many."""
    rng, size = random.Random(draw(st.integers(0, 2**32))), draw(st.integers(1, 250))
    is_whole = draw(st.booleans())
    records = [_record(rng, texts=texts, is_whole=is_whole) for _ in range(size)]
    cut = draw(st.integers(20, 100))
    return [records[start : start + cut] for start in range(0, size, cut)]


def _record(rng: random.Random, *, texts: bool, is_whole: bool) -> tuple[Record, Any]:
    x: Record = {
        "a": rng.choice([0.0, 1.0, 2.5, 0.25, round(rng.gauss(0, 1), 1), rng.gauss(0, 1), rng.gauss(0, 10)]),
        "b": rng.randint(-3, 3),
        "n": rng.randint(0, 3),
    }
    if texts:
        x |= {"s": rng.choice("xy"), "t": rng.choice(["JFK", "LGA", "EWR", "SFO", ""])}
    told = 3.0 * (x["a"] > 1) - 5 * (x["b"] > 0) + (x.get("t", "") < "JFK") + x["n"]
    y = rng.choice([told, round(told), told + rng.gauss(0, 0.1), told + rng.gauss(0, 10), None])
    names = list(x) if is_whole else rng.sample(list(x), rng.choice([len(x), len(x) - 1, 2]))
    return {name: x[name] for name in names}, y


@pytest.mark.parametrize("texts", [False, True])
@settings(max_examples=60)
@given(data=st.data())
def test_a_tree_learns_and_says_what_river_does(texts: bool, data: st.DataObject) -> None:
    model, frames = data.draw(hoeffding_regressors(texts=texts)), data.draw(_streams(texts=texts))
    compiled = CompiledPipeline(model.clone())
    compiled._last.expect(dict.fromkeys(TEXTS, True) if texts else {})
    rivers = [model, model.clone()]
    for frame in frames:
        copies = data.draw(st.lists(st.sampled_from([0, 1]), min_size=len(frame), max_size=len(frame)))
        try:
            expected = [_river_said(rivers[copy], x, y) for copy, (x, y) in zip(copies, frame, strict=True)]
        except (ZeroDivisionError, OverflowError) as failure:
            with pytest.raises(Exception, match=re.escape(str(failure))):
                _said(compiled, frame, copies)
            return
        assert repr(_said(compiled, frame, copies)) == repr([float(each) for each in expected])
        for copy in set(copies):
            written = model.clone()
            compiled.store(copy, written)
            assert repr(plain(written)) == repr(plain(rivers[copy]))
            way = data.draw(st.sampled_from(["as it is", "loaded", "pickled"]))
            if way == "loaded":
                compiled.load(copy, rivers[copy])
            elif way == "pickled":
                compiled = load(dump(compiled))


@pytest.mark.parametrize("key", [None, "k"])
@settings(max_examples=50)
@given(data=st.data())
def test_a_stage_gives_what_river_gives(key: str | None, data: st.DataObject) -> None:
    model = data.draw(hoeffding_regressors(texts=data.draw(st.booleans())))
    model.nominal_attributes = data.draw(st.sampled_from([None, ["w"]]))
    pipeline = data.draw(FRONTS)() | model
    stream = data.draw(streams(regression=True, keyed=True, mixed=True))
    check(Stage("model", pipeline, label="y", key=key), stream, data)


STREAMS = [
    (tree.HoeffdingTreeRegressor(grace_period=20, delta=0.1), datasets.TrumpApproval()),
    (preprocessing.StandardScaler() | tree.HoeffdingTreeRegressor(grace_period=50), datasets.TrumpApproval()),
    (tree.HoeffdingTreeRegressor(grace_period=30, leaf_prediction="mean"), datasets.ChickWeights()),
    (
        tree.HoeffdingTreeRegressor(delta=0.05, splitter=tree.splitter.EBSTSplitter()),
        synth.Friedman(seed=1).take(3_000),
    ),
    (tree.HoeffdingTreeRegressor(grace_period=100, leaf_prediction="mean"), synth.Mv(seed=1).take(3_000)),
    (tree.HoeffdingTreeRegressor(tau=0.3, leaf_prediction="model"), synth.Planes2D(seed=1).take(3_000)),
]


@pytest.mark.parametrize(("model", "stream"), STREAMS, ids=lambda each: type(each).__name__)
def test_the_streams_of_river_give_the_same_tree(model: Any, stream: Any) -> None:
    records: Records = [(_numbers(x), y) for x, y in stream]
    compiled = CompiledPipeline(model.clone())
    for start in range(0, len(records), 700):
        part = records[start : start + 700]
        assert repr(_said(compiled, part, [0] * len(part))) == repr([float(_river_said(model, x, y)) for x, y in part])
    written = model.clone()
    compiled.store(0, written)
    assert repr(plain(_tree(written))) == repr(plain(_tree(model)))
    assert _tree(model).n_branches > 0


def _numbers(x: Record) -> Record:
    return {name: value for name, value in x.items() if isinstance(value, int | float)}


def _tree(model: Any) -> Any:
    return model["HoeffdingTreeRegressor"] if "HoeffdingTreeRegressor" in getattr(model, "steps", ()) else model


def test_what_trees_are_not_compiled() -> None:
    for model, reason in [
        (tree.HoeffdingTreeRegressor(splitter=tree.splitter.QOSplitter()), "observes numbers by QOSplitter"),
        (tree.HoeffdingTreeRegressor(splitter=tree.splitter.TEBSTSplitter(digits=-1)), "rounds numbers to -1 digits"),
        (tree.HoeffdingTreeRegressor(leaf_model=linear_model.PARegressor()), "has leaves with PARegressor"),
        (tree.HoeffdingTreeRegressor(delta=0.0), "delta"),
    ]:
        with pytest.raises(NoTwin, match=reason):
            twin_of(model)


_ADA = linear_model.LinearRegression(optim.AdaGrad())
FAILURES = [
    (tree.HoeffdingTreeRegressor(), [1e100, 1e100, 1e100], "OverflowError"),
    (tree.HoeffdingTreeRegressor(leaf_prediction="model", leaf_model=_ADA), [1.0, 1e200], "OverflowError"),
    (tree.HoeffdingTreeRegressor(grace_period=2, remove_poor_attrs=True), [1.0, 2.0], "ZeroDivisionError"),
    (  # of these three the first one fails at the sixth record, the second at the fifth, the last at the third
        ensemble.BaggingRegressor(
            tree.HoeffdingTreeRegressor(grace_period=3, remove_poor_attrs=True), n_models=3, seed=8
        ),
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
        "ZeroDivisionError",
    ),
]


@pytest.mark.parametrize(("model", "values", "text"), FAILURES, ids=str)
def test_what_river_cannot_learn_fails_at_the_same_record_with_the_same_text(
    model: Any, values: list[float], text: str
) -> None:
    records = [{"a": value, "y": 1.0} for value in values]
    failures = []
    for is_compiled in (False, True):
        batch = Batch(
            table(records, ("a", "y")) if is_compiled else [dict(record) for record in records],
            list(range(len(records))),
        )
        with pytest.raises(LearnFailed) as failed:
            Shard([Stage("model", model, label="y")], is_compiled=is_compiled).apply(batch)
        failures.append((failed.value.index, failed.value.node, failed.value.error.reason, str(failed.value.error)))
    assert failures[0] == failures[1], failures
    assert text in failures[0][3]
