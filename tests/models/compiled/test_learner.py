"""A compiled stage gives what river gives: predictions, rejections and state, to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import datasets, linear_model, preprocessing

from models.compiled.learner import CompiledLearner
from models.outcome import Batch
from models.pickled import dump, load
from models.shard import Shard
from models.stage import Stage
from schemas.errors import BadRecord
from tests.models.compiled.pipelines import Record, pipelines, streams, table


def _results(shard: Shard, batch: Batch) -> list[Any]:
    """What a frame gives, and what is known afterwards, in a form that is equal only where every bit is."""
    outcome = shard.apply(batch)
    refused = {at: (node, error.reason, str(error)) for at, (node, error) in outcome.rejected.items()}
    said = [
        each and (repr(each.prediction), each.probabilities, each.label, each.count) for each in outcome.predictions
    ]
    known = shard.metrics.as_dict() if shard.metrics else None
    return [repr(_plain(said)), refused, outcome.learned, shard.learned, shard.learned_until, repr(known)]


def _plain(said: list[Any]) -> list[Any]:
    """River says 0 where a number is 0.0."""
    return [
        each and (each[0], each[1] and {label: float(p) for label, p in each[1].items()}, *each[2:]) for each in said
    ]


@pytest.mark.parametrize("regression", [False, True])
@settings(max_examples=60)
@given(data=st.data())
def test_any_pipeline_over_any_stream_gives_what_river_gives(regression: bool, data: st.DataObject) -> None:
    stage = Stage("model", data.draw(pipelines(regression=regression)), label="y")
    stream = data.draw(streams(regression=regression))
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    assert isinstance(compiled.estimator, CompiledLearner)
    for number, records in enumerate(stream.frames):
        times = [1_000 * number + place for place in range(len(records))]
        expected = _results(river, Batch([dict(record) for record in records], times))
        way = data.draw(st.sampled_from(["columns", "records", "stored"]))
        given_as = [dict(record) for record in records] if way == "records" else table(records, stream.names)
        assert _results(compiled, Batch(given_as, times)) == expected
        if way == "stored":
            compiled = load(dump(compiled))


def test_a_shard_changes_over_at_a_checkpoint_and_goes_on_with_the_same_numbers() -> None:
    stage = Stage("model", preprocessing.StandardScaler() | linear_model.LogisticRegression(), label="y")
    river, switching = Shard([stage]), Shard([stage])
    records = [{**x, "y": y} for x, y in datasets.Phishing()]
    for number, start in enumerate(range(0, len(records), 100)):
        part = records[start : start + 100]
        times = list(range(start, start + len(part)))
        expected = _results(river, Batch([dict(record) for record in part], times))
        assert _results(switching, Batch(table(part, tuple(records[0])), times)) == expected
        planned = Shard([stage], is_compiled=number % 2 == 0)
        planned.adopt(load(dump(switching)))
        assert isinstance(planned.estimator, CompiledLearner) == (number % 2 == 0)
        switching = planned


SHIPPED = [
    (datasets.Phishing, linear_model.LogisticRegression),
    (datasets.Bananas, linear_model.LogisticRegression),
    (datasets.TrumpApproval, linear_model.LinearRegression),
    (datasets.ChickWeights, linear_model.LinearRegression),
    (datasets.WaterFlow, linear_model.LinearRegression),
]


@pytest.mark.parametrize(("dataset", "model"), SHIPPED, ids=lambda each: each.__name__)
def test_the_data_sets_of_river_give_what_river_gives(dataset: Any, model: Any) -> None:
    stage = Stage("model", preprocessing.StandardScaler() | model(), label="label")
    records = [{**_numbers(x), "label": y} for x, y in dataset()]
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    for start in range(0, len(records), 1_000):
        part = records[start : start + 1_000]
        times = list(range(start, start + len(part)))
        expected = _results(river, Batch([dict(record) for record in part], times))
        assert _results(compiled, Batch(table(part, tuple(part[0])), times)) == expected


def _numbers(x: Record) -> Record:
    return {name: value for name, value in x.items() if isinstance(value, int | float)}


def test_what_river_cannot_square_is_refused_and_leaves_no_trace() -> None:
    from river import optim

    stage = Stage("model", linear_model.LinearRegression(optim.AdaGrad()), label="y")
    shard = Shard([stage], is_compiled=True)
    shard.apply(Batch(table([{"a": 1.0, "y": 2.0}], ("a", "y")), [0]))
    before = dump(shard.model)
    with pytest.raises(Exception, match="OverflowError") as failed:
        shard.apply(Batch(table([{"a": 1.0, "y": 1.0}, {"a": 1e200, "y": 1e200}], ("a", "y")), [1, 2]))
    assert isinstance(failed.value.error, BadRecord)  # type: ignore[attr-defined]
    assert before
