"""Jobs by compiled twins, by river, and by one after the other: the numbers are those of a plain loop over river."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from river import anomaly, compose, ensemble, linear_model, optim, preprocessing, tree

from engine.local.platform import Platform
from engine.workflow import Workflow
from models.ordered import KMeans
from models.stage import Kind, kind_of
from sinks import ModelStore, Topic
from tests.engine.jobs.bits import bits
from tests.engine.jobs.plain_river import FEATURES, in_event_time_order, predictions
from tests.engine.jobs.readings import PARTITIONS, Feed, feed, released
from tests.engine.jobs.trial import LIVE, begin, fresh_name
from tests.models.compiled.trees.plain import plain

pytestmark = pytest.mark.services
NEVER = "1d"  # a partition that is passed over on a slow machine would make another order


def _trees() -> Any:
    trees = tree.HoeffdingTreeClassifier(grace_period=50, delta=0.1)
    return preprocessing.StandardScaler() | ensemble.BaggingClassifier(trees, n_models=3, seed=1)


MODELS: dict[str, Callable[[], Any]] = {
    "linear": lambda: preprocessing.MinMaxScaler() | linear_model.LogisticRegression(optim.Adam(), l2=0.01),
    "bagged trees": _trees,
    "half-space trees": lambda: preprocessing.MinMaxScaler() | anomaly.HalfSpaceTrees(5, 5, 100, seed=1),
    "k-means": lambda: preprocessing.StandardScaler() | KMeans(4, seed=1),
}


def _workflow(stream: Feed, model: Any) -> Workflow:
    flow, kind = Workflow(fresh_name(), order="event_time"), kind_of(model)
    readings = flow.source("readings", stream.source(NEVER))
    label = "rain" if kind is Kind.CLASSIFIER else None
    node = flow.pipeline("model", readings, compose.Select(*FEATURES) | model, label=label)
    flow.sink("store", node, ModelStore(flow.name, every="250ms"))
    flow.sink("predictions", node, Topic(f"{flow.name}.predictions"))
    return flow


@pytest.mark.parametrize("kind", MODELS)
def test_a_job_that_changes_over_at_each_stop_gives_the_numbers_of_plain_river(platform: Platform, kind: str) -> None:
    savepoint = None
    with feed(platform) as stream:
        flow = _workflow(stream, MODELS[kind]())
        for is_compiled, is_last in ((True, False), (False, False), (True, True)):
            stream.write(1_500)
            trial = begin(platform, flow, LIVE, compiled=is_compiled)
            assert trial.started.restored_from == savepoint
            trial.wait_until_predicted(len(released(stream.written)))
            savepoint = trial.stop(drain=is_last)
            progress = trial.progress()
            assert progress.records > 1_000
            assert progress.compiled == (progress.records if is_compiled else 0)
    order, river = in_event_time_order(stream.written, PARTITIONS), MODELS[kind]()
    expected = predictions((stream.written[position] for position in order), river)
    assert bits(trial.numbers(order)) == bits(expected)
    [(_, published)] = trial.models()
    assert [_learned(step) for step in published.steps.values()][1:] == [
        _learned(step) for step in river.steps.values()
    ]


def _learned(step: Any) -> Any:
    """All that decides what comes of what a step has learned, in a form that is equal only where every bit is."""
    if isinstance(step, ensemble.BaggingClassifier):
        return bits(step._rng), [repr(plain(model)) for model in step]
    if isinstance(step, anomaly.HalfSpaceTrees):
        return [bits(part) for part in (step.rng, step.counter, step._first_window, step._tree_nodes)]
    return bits(step)
