"""The twins of a model say what the model says, to the last bit, and nothing that they are asked changes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import compose, linear_model, naive_bayes, preprocessing

from models.compiled import scorer
from models.compiled.scorer import CompiledScorer, Said
from models.compiled.trees.tree import LARGEST
from models.compiled.twin import NoTwin
from models.course import predicting
from models.failure import LearnFailed
from models.outcome import Batch
from models.sampling import Sample
from models.shard import Shard
from models.stage import Stage, last_step
from tests.models.compiled.estimators import LABELS, changing_streams, estimator_pipelines
from tests.models.compiled.pipelines import Record, Strategy, mixed_pipelines, pipelines, streams

_numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1)
_asked: dict[str, Strategy] = {
    "a": _numbers | st.integers(-3, 3),
    "b": _numbers | st.booleans(),
    "c": _numbers | st.none() | st.sampled_from([float("inf"), [1], {"x": 1}, "AA"]),
    "d": st.booleans() | st.none(),
    "e": _numbers,
    "s": st.sampled_from(["AA", "B6", "", "a_B6", "never seen"]) | st.none() | st.integers(0, 3),
    "w": st.integers(0, 9) | st.floats(0, 3),
}
_plain: dict[str, Strategy] = {
    "a": st.floats(-1e6, 1e6) | st.integers(-3, 3),
    "b": st.integers(-3, 3),
    "c": st.floats(-5, 5),
    "d": st.booleans(),
    "e": st.floats(-4, 4),
    "s": st.sampled_from(["AA", "B6", "never seen"]),
    "w": st.integers(0, 9),
}


def by_river(model: Any, x: Record) -> Said:
    """What the model says; raises what it raises."""
    predict, decide = predicting(model)
    answer = predict(dict(x))
    return (answer, None) if decide is None else (decide(dict(x), answer), answer)


def bits(said: Said) -> str:
    """A text that is equal where every bit is; 0 is 0.0: river gives both."""
    prediction, probabilities = said
    number = (
        prediction if prediction is None or isinstance(prediction, str) else float(prediction)
    )  # None: no class yet
    return repr((number, probabilities if probabilities is None else [(y, float(p)) for y, p in probabilities.items()]))


@st.composite
def questions(draw: st.DrawFn, names: Sequence[str]) -> list[Record]:
    """Records of the same fields, of which none has an odd value, or some have."""
    values = draw(st.sampled_from([_plain, _asked]))
    drawn = draw(st.lists(st.fixed_dictionaries({name: values[name] for name in names}), min_size=1, max_size=6))
    return [{name: record[name] for name in names} for record in drawn]


def _is_plain(x: Record) -> bool:
    return all(type(value) in (int, float, bool) and abs(value) <= 1e6 for value in x.values())


def _stays_small(model: Any, x: Record) -> bool:
    """Whether the steps in front of the estimator make no numbers of it that are too large for a tree."""
    for step in list(model.steps.values())[:-1]:
        x = step.transform_one(x)
    return all(abs(value) <= LARGEST for value in x.values())


def learned(model: Any, frames: list[list[Record]]) -> Any:
    shard = Shard([Stage("model", model, label="y")])
    for records in frames:
        shard.apply(Batch([dict(record) for record in records], [0] * len(records)))
    return shard.model


@pytest.mark.parametrize("kind", ["regression", "classification", "text"])
@settings(max_examples=80)
@given(data=st.data())
def test_twins_say_what_the_model_says(kind: str, data: st.DataObject) -> None:
    regression, mixed = kind == "regression", kind == "text"
    stream = data.draw(streams(regression=regression, mixed=mixed))
    drawn = data.draw(mixed_pipelines() if mixed else pipelines(regression=regression))
    try:
        model = learned(drawn, stream.frames)
        twins = CompiledScorer(model)
    except (LearnFailed, NoTwin):  # of a record that it could not learn, or of whole numbers that are too large
        return
    for _ in range(3):
        asked = data.draw(questions(tuple(name for name in stream.names if name != "y")))
        answers = twins.ask(asked)
        if not mixed and all(_is_plain(x) and _stays_small(model, x) for x in asked):
            assert None not in answers
        for x, said in zip(asked, answers, strict=True):
            if said is not None:
                assert bits(said) == bits(by_river(model, x))


@pytest.mark.parametrize("label", LABELS)
@settings(max_examples=60)
@given(data=st.data())
def test_twins_of_any_estimator_say_what_it_says(label: str, data: st.DataObject) -> None:
    drawn = data.draw(estimator_pipelines(label=label, keyed=False))
    stream = data.draw(changing_streams(label=label, keyed=False))
    with np.errstate(all="ignore"):  # river adds up numpy's numbers, which warn
        try:
            model = learned(drawn, [records for each in stream for records in each.frames])
            twins = CompiledScorer(model)
        except (LearnFailed, NoTwin):
            return
        for _ in range(3):
            asked = data.draw(questions(data.draw(st.permutations("abcdew"))))
            answers = twins.ask(asked)
            if not isinstance(last_step(model), naive_bayes.MultinomialNB) and all(map(_has_plain_values, asked)):
                assert None not in answers
            for x, said in zip(asked, answers, strict=True):
                if said is not None:
                    assert bits(said) == bits(by_river(model, x))


def _has_plain_values(x: Record) -> bool:
    return _is_plain(x) and type(x["w"]) is int and all(abs(value) < 10 for value in x.values())


def test_all_records_of_numbers_are_asked_about_at_once() -> None:
    model = learned(
        compose.Select("a", "b") | preprocessing.StandardScaler() | linear_model.LogisticRegression(),
        [[{"a": float(at % 7), "b": at, "s": "AA", "y": at % 7 > 3} for at in range(50)]],
    )
    asked: list[Record] = [{"a": 1, "b": 2.5, "s": None}, {"a": 0.5, "b": 3, "s": "B6"}, {"a": None, "b": 1, "s": ""}]
    twins = CompiledScorer(compose.Pipeline(Sample("0%", by="s"), *model.steps.values()))
    said = twins.ask(asked)
    assert said[:2] == [by_river(model, x) for x in asked[:2]]
    assert said[2] is None
    assert twins.ask([{"b": 1.0}]) == [None]


def test_what_was_met_while_asked_is_forgotten() -> None:
    model = compose.Select("s") | preprocessing.OneHotEncoder() | linear_model.LogisticRegression()
    model = learned(model, [[{"s": f"{at % 5}", "y": at % 5 > 2} for at in range(50)]])
    twins = CompiledScorer(model)
    known = twins._met
    for start in range(0, 3 * scorer._ROOM, 1_000):
        asked: list[dict[str, Any]] = [{"s": f"{at}"} for at in range(start, start + 1_000)]
        assert twins.ask(asked)[:9] == [by_river(model, x) for x in asked[:9]]
    assert twins._met <= known + scorer._ROOM + 2_000


def test_what_has_no_twin_is_named() -> None:
    for model in (preprocessing.StandardScaler(), compose.FuncTransformer(abs) | linear_model.LinearRegression(), 7):
        with pytest.raises(NoTwin):
            CompiledScorer(model)
