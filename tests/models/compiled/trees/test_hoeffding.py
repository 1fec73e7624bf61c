"""Compiled Hoeffding trees are river's, to the last bit: what they predict, and what they have learned."""

from __future__ import annotations

import random
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from river import datasets, preprocessing, tree
from river.datasets import synth

from models.compiled.pipeline import CompiledPipeline
from models.compiled.trees.classification.splits import suggest
from models.compiled.trees.classification.state import Design, Desk, Trees
from models.compiled.twin import NoTwin
from models.compiled.twins import twin_of
from models.outcome import Batch
from models.pickled import dump, load
from models.shard import Shard
from models.stage import Stage
from schemas.kernel import kernel
from tests.models.compiled.pipelines import hoeffding_trees, streams, table
from tests.models.compiled.test_learner import check, results
from tests.models.compiled.trees.plain import plain
from tests.models.compiled.trees.records import FRONTS, TEXTS, Record, Records, cells_of


def _said(compiled: CompiledPipeline, records: Records, copies: list[int]) -> list[dict[Any, float]]:
    """The probabilities of each record, which is then learned unless its label is None."""
    known = compiled.known
    cells = cells_of(known, [x for x, _ in records])
    y = np.array([-1 if label is None else known.classes.number(label) for _, label in records], np.float64)
    answers = compiled.learn(cells, y, y >= 0, np.array(copies, np.int32))
    assert answers is not None
    assert answers.probabilities is not None
    order = np.tile(np.arange(len(answers.classes)), (len(y), 1)) if answers.order is None else answers.order
    lines = zip(order.tolist(), answers.probabilities.tolist(), strict=True)
    return [
        {answers.classes[number]: p for number, p in zip(numbers, line, strict=True) if number >= 0}
        for numbers, line in lines
    ]


def _river_said(model: Any, x: Record, y: Any) -> dict[Any, float]:
    said: dict[Any, float] = model.predict_proba_one(x)
    if y is not None:
        model.learn_one(x, y)
    return said


_LABELS: list[list[Any]] = [[False, True], ["no", "yes", "maybe"], [2, 0, 1, 7]]


@st.composite
def _streams(draw: st.DrawFn) -> list[Records]:
    """Frames of records on which the label depends in part, so that trees grow; drawn by a seed, as they are many."""
    seed, size = draw(st.integers(0, 2**32)), draw(st.integers(1, 250))
    labels, is_whole = draw(st.sampled_from(_LABELS)), draw(st.booleans())
    rng = random.Random(seed)
    records = [_record(rng, labels, is_whole=is_whole) for _ in range(size)]
    cut = draw(st.integers(20, 100))
    return [records[start : start + cut] for start in range(0, size, cut)]


def _record(rng: random.Random, labels: list[Any], *, is_whole: bool) -> tuple[Record, Any]:
    x: Record = {
        "a": rng.choice([0.0, 1.0, 2.5, round(rng.gauss(0, 1), 1), rng.gauss(0, 100)]),
        "b": rng.randint(-3, 3),
        "n": rng.randint(0, 3),
        "s": rng.choice("xy"),
        "t": rng.choice(["JFK", "LGA", "EWR", "SFO", ""]),
    }
    told = (x["a"] > 1) + (x["b"] > 0) + (x["t"] < "JFK") + (x["n"] == 1)
    y = rng.choice([labels[told % len(labels)], labels[told % len(labels)], rng.choice(labels), None])
    names = x if is_whole else rng.sample(list(x), rng.choice([5, 5, 4, 3]))
    return {name: x[name] for name in names}, y


@settings(max_examples=60)
@given(model=hoeffding_trees(texts=True), frames=_streams(), data=st.data())
def test_a_tree_learns_and_says_what_river_does(model: Any, frames: list[Records], data: st.DataObject) -> None:
    compiled = CompiledPipeline(model.clone())
    twin = compiled._last
    twin.expect(dict.fromkeys(TEXTS, True))
    rivers = [model, model.clone()]
    for frame in frames:
        copies = data.draw(st.lists(st.sampled_from([0, 1]), min_size=len(frame), max_size=len(frame)))
        expected = [_river_said(rivers[copy], x, y) for copy, (x, y) in zip(copies, frame, strict=True)]
        assert repr(_said(compiled, frame, copies)) == repr(expected)
        for copy in set(copies):
            written = model.clone()
            compiled.store(copy, written)
            assert plain(written) == plain(rivers[copy])
            way = data.draw(st.sampled_from(["as it is", "loaded", "pickled"]))
            if way == "loaded":
                with suppress(NoTwin):  # the words of a field in an order that no new set gives them
                    compiled.load(copy, rivers[copy])
            elif way == "pickled":
                compiled = load(dump(compiled))


@pytest.mark.parametrize("key", [None, "k"])
@settings(max_examples=50)
@given(data=st.data())
def test_a_stage_of_any_classes_gives_what_river_gives(key: str | None, data: st.DataObject) -> None:
    stream = data.draw(streams(regression=False, keyed=True, mixed=True))
    labels = st.sampled_from(data.draw(st.sampled_from(_LABELS))) | st.none()
    frames = [[{**record, "y": data.draw(labels)} for record in records] for records in stream.frames]
    pipeline = data.draw(FRONTS)() | data.draw(hoeffding_trees(texts=True))
    pipeline.steps["HoeffdingTreeClassifier"].nominal_attributes = data.draw(st.sampled_from([None, ["w"]]))
    check(Stage("model", pipeline, label="y", key=key), replace(stream, frames=frames), data)


_NUMBERS: list[Any] = [st.integers(-1_000, 1_000), st.floats(-1_000, 1_000)]
_SMALL = st.sampled_from(_NUMBERS).flatmap(lambda numbers: st.lists(numbers, min_size=1, max_size=9))
_LARGE = st.integers(2**53, 2**62) | st.integers(-(2**62), -(2**53))


@given(small=_SMALL, large=_LARGE)
@example(small=[3, 5], large=2**53 + 1)
def test_a_large_whole_number_behind_small_ones_is_split_from_them_as_river_does_it(
    small: list[float], large: int
) -> None:
    splits = tree.HoeffdingTreeClassifier(grace_period=len(small) + 1, delta=0.99, tau=1.0)
    stage = Stage("model", splits, label="y")
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    before = [{"a": number, "y": False} for number in small]
    for records in (before, [{"a": large, "y": True}]):
        times = [0] * len(records)
        expected = results(river, Batch([dict(record) for record in records], times))
        assert results(compiled, Batch(table(records, ("a", "y")), times)) == expected
        assert compiled.is_in_columns == (records is before)
    assert len(list(river.model._root.iter_leaves())) == 2
    assert plain(compiled.model) == plain(river.model)


def test_words_that_no_new_set_has_in_their_order_come_back_from_river() -> None:
    words = next(each for each in permutations("abcdefghij", 4) if list({*list({*each})}) != list({*each}))
    shard = Shard([Stage("model", tree.HoeffdingTreeClassifier(), label="y")], is_compiled=True)
    records = [{"s": word, "y": True} for word in words]
    results(shard, Batch([dict(record) for record in records], [0, 1, 2, 3]))
    assert not shard.is_in_columns
    results(shard, Batch(table(records, ("s", "y")), [4, 5, 6, 7]))
    assert shard.is_in_columns


def test_a_part_of_a_frame_that_fails_leaves_what_was_learned_before_the_frame() -> None:
    compiled = CompiledPipeline(tree.HoeffdingTreeClassifier(), room=1)
    _said(compiled, [({"a": 1.0}, True), ({"a": 2.0}, False)], [0, 0])
    before, after = tree.HoeffdingTreeClassifier(), tree.HoeffdingTreeClassifier()
    compiled.store(0, before)
    cells = cells_of(compiled.known, [{"a": 1.0}, {"a": 1e200}])
    assert deepcopy(compiled).learn(cells, np.array([0.0, 1.0])) is None
    compiled.store(0, after)
    assert plain(before) == plain(after)


STREAMS = [
    (tree.HoeffdingTreeClassifier(grace_period=20, delta=0.1), datasets.Phishing()),
    (tree.HoeffdingTreeClassifier(grace_period=50, delta=0.01, tau=0.1, leaf_prediction="nb"), datasets.Bananas()),
    (tree.HoeffdingTreeClassifier(grace_period=30, tau=0.3, split_criterion="gini"), datasets.ImageSegments()),
    (tree.HoeffdingTreeClassifier(max_depth=3), synth.SEA(seed=1).take(5_000)),
    (
        tree.HoeffdingTreeClassifier(grace_period=100, nominal_attributes=["elevel", "car", "zipcode"]),
        synth.Agrawal(seed=1).take(3_000),
    ),
    (
        tree.HoeffdingTreeClassifier(grace_period=100, tau=0.5, nominal_attributes=list(range(7))),
        synth.LED(seed=1, noise_percentage=0.1).take(2_000),
    ),
    (preprocessing.StandardScaler() | tree.HoeffdingTreeClassifier(grace_period=50, tau=0.2), datasets.Phishing()),
]


@pytest.mark.parametrize(("model", "stream"), STREAMS, ids=lambda each: type(each).__name__)
def test_the_streams_of_river_give_the_same_tree(model: Any, stream: Any) -> None:
    records: Records = list(stream)
    compiled = CompiledPipeline(model.clone())
    for start in range(0, len(records), 700):
        part = records[start : start + 700]
        assert repr(_said(compiled, part, [0] * len(part))) == repr([_river_said(model, x, y) for x, y in part])
    written = model.clone()
    compiled.store(0, written)
    assert plain(_tree(written)) == plain(_tree(model))
    assert _tree(model).n_branches > 0


def _tree(model: Any) -> Any:
    return model["HoeffdingTreeClassifier"] if "HoeffdingTreeClassifier" in getattr(model, "steps", ()) else model


@kernel
def _suggest(trees: Trees, leaf: int, design: Design, desk: Desk) -> bool:
    return suggest(trees, leaf, design, desk)


@pytest.mark.parametrize("criterion", ["info_gain", "gini"])
def test_each_merit_and_each_point_of_a_split_are_those_of_river(criterion: str) -> None:
    model = tree.HoeffdingTreeClassifier(split_criterion=criterion, grace_period=10_000)
    records: Records = list(datasets.ImageSegments().take(600))
    compiled = CompiledPipeline(model)
    _said(compiled, records, [0] * len(records))
    twin: Any = compiled._last
    compiled.store(0, model)
    desk = twin._desk(is_same=True)
    assert _suggest(twin._forest.trees, 0, twin._design, desk)
    found = model._root.best_split_suggestions(model._new_split_criterion(), model)
    assert desk.merits[: len(found)].tolist() == [suggestion.merit for suggestion in found]
    points = [(place, suggestion.split_info) for place, suggestion in enumerate(found) if suggestion.feature]
    assert [(place, desk.points[place]) for place, _ in points] == points


@pytest.mark.parametrize("model", [tree.HoeffdingTreeClassifier(), tree.HoeffdingTreeRegressor(leaf_prediction="mean")])
def test_what_is_text_is_not_decided_by_nulls(model: Any) -> None:
    compiled = CompiledPipeline(model)
    for column in ([None, None], ["x", None]):
        features = compiled.take({"s": column})
        assert features is not None
        records = [{"s": value} for value in column if value is not None]
        assert compiled.learn(cells_of(compiled.known, records), np.zeros(len(records))) is not None


def test_what_trees_are_not_compiled() -> None:
    for model, reason in [
        (tree.HoeffdingTreeClassifier(split_criterion="hellinger"), "splits by the Hellinger distance"),
        (tree.HoeffdingTreeClassifier(splitter=tree.splitter.HistogramSplitter()), "observes numbers by Histogram"),
        (tree.HoeffdingTreeClassifier(delta=0.0), "delta"),
    ]:
        with pytest.raises(NoTwin, match=reason):
            twin_of(model)


def test_what_python_cannot_square_goes_by_river_and_leaves_no_trace() -> None:
    compiled = CompiledPipeline(tree.HoeffdingTreeClassifier())
    _said(compiled, [({"a": 1.0}, True), ({"a": 2.0}, False)], [0, 0])
    before, after = tree.HoeffdingTreeClassifier(), tree.HoeffdingTreeClassifier()
    compiled.store(0, before)
    cells = cells_of(compiled.known, [{"a": 1.0}, {"a": 1e200}])
    assert compiled.learn(cells, np.array([0.0, 1.0])) is None
    compiled.store(0, after)
    assert plain(before) == plain(after)
