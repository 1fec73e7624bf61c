"""Lookups of features in Redis: read once a frame, and learned again as they were read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from river import compose, linear_model, preprocessing, stats

from engine.connectors import FeatureLookup, Features
from engine.plan import Plan
from engine.planner import make_plan, shipped_schema
from engine.worker.lookups import parted
from engine.workflow import Workflow
from models.artifact import FeatureSetRef
from sinks import FeatureRow, FeatureStore, ModelStore, Topic
from sources import KafkaTopic
from tests.engine.worker.bench import Bench, metric, published, records
from tests.sinks.redis_server import RedisServer
from workflows.datasets import flights

MEANS = {"mean": "double"}


def plan(name: str, unmatched: Any = "keep", model: Any = None) -> Plan:
    """A model of what Redis says of an origin, behind features of another workflow, `<name>_features`."""
    flow = Workflow(name, max_dead="100%")
    source = flow.source("flights", KafkaTopic("flights", schema="flight", event_time="departed_at", lateness="10m"))
    read = Features(f"{name}_features", "delays", MEANS)
    recent = flow.connect("recent", FeatureLookup(source, read, on="origin", unmatched=unmatched))
    classifier = compose.Select("mean", "distance") | (
        model or preprocessing.StandardScaler() | linear_model.LogisticRegression()
    )
    learner = flow.pipeline("model", recent, classifier, label="late")
    flow.sink("late", learner, ModelStore(name, every="1h"))
    flow.sink("predictions", learner, Topic("predictions"))
    return make_plan(flow, shipped_schema)


def write(server: RedisServer, name: str, event_time: int, **means: Any) -> None:
    """The newest features of each origin."""
    rows = [
        FeatureRow("origin", origin, "delays", {"mean": mean}, event_time, 0, event_time)
        for origin, mean in means.items()
    ]
    with FeatureStore("origin").open(server.url, f"{name}_features", 1) as writer:
        writer.write(rows, {"0/1.flights.0": event_time})


def plain(newest: list[dict[str, float]]) -> list[float]:
    """What a river loop predicts, given the newest features at each flight."""
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    said = []
    for means, flight in zip(newest, flights(), strict=False):
        x = {"mean": means[flight["origin"]], "distance": flight["distance"]}
        said.append(model.predict_proba_one(x)[True])
        if flight["late"] is not None:
            model.learn_one(x, flight["late"])
    return said


def test_after_a_restart_the_model_is_that_of_what_was_read_then(server: RedisServer, tmp_path: Path) -> None:
    bench = Bench(plan("again"), server.url, tmp_path)
    before, after = {"EWR": 1.0, "JFK": 2.0, "LGA": 3.0}, {"EWR": -30.0, "JFK": 20.0, "LGA": 7.5}
    write(server, "again", 1, **before)
    said = [*bench.process(records(100))[0], *bench.process(records(100, start=100))[0]]
    write(server, "again", 2, **after)
    bench.restart()
    said += bench.process(records(200, start=200))[0]
    assert metric(bench, "headrace_replayed_frames_total") == 1
    assert [line["probability"] for line in said] == plain([before] * 200 + [after] * 200)


def test_what_a_frame_found_is_kept_once_for_each_value(server: RedisServer, tmp_path: Path) -> None:
    bench = Bench(plan("once"), server.url, tmp_path)
    write(server, "once", 1, EWR=1.0, JFK=2.0)
    bench.process(records(100))  # once the model's inputs are known, frames are kept
    bench.process(records(100, start=100))
    [entry] = bench.state.log()
    frame, found = parted(entry)
    origins = [flight["origin"] for _, flight in zip(range(200), flights(), strict=False)][100:]
    assert found["recent"] == [{"EWR": {"mean": 1.0}, "JFK": {"mean": 2.0}}.get(origin) for origin in origins]
    assert len(entry) < len(frame) + 1_000
    assert parted(frame) == (frame, {})


@pytest.mark.parametrize(("unmatched", "filtered"), [("keep", 0), ("drop", 1)])
def test_what_redis_knows_nothing_of(server: RedisServer, tmp_path: Path, unmatched: str, filtered: int) -> None:
    imputed = preprocessing.StatImputer(("mean", stats.Mean())) | linear_model.LogisticRegression()
    bench = Bench(plan(unmatched, unmatched, imputed), server.url, tmp_path)
    write(server, unmatched, 1, EWR=1.0, JFK=None)
    taken = [flight["origin"] for _, flight in zip(range(100), flights(), strict=False)]
    predictions, dead = bench.process(records(100))
    assert {"EWR", "JFK", "LGA"} == set(taken)
    assert published(bench).features == {"distance": "number", "mean": "number?"}
    unknown = {offset for offset, origin in enumerate(taken) if origin == "LGA"}
    assert unknown & {said["offset"] for said in predictions} == (set() if filtered else unknown)
    dropped = len(unknown) * filtered
    assert len(predictions) + len(dead) == 100 - dropped
    assert (metric(bench, "headrace_filtered_total", node="recent") or 0) == dropped


def test_the_model_says_where_its_features_are_read(server: RedisServer, tmp_path: Path) -> None:
    bench = Bench(plan("card"), server.url, tmp_path)
    write(server, "card", 1, EWR=1.0, JFK=2.0, LGA=3.0)
    bench.process(records(100))
    assert published(bench).feature_sets == (FeatureSetRef("origin", "delays", ("mean",), "card_features"),)


def test_a_feature_of_another_type_is_a_dead_letter(server: RedisServer, tmp_path: Path) -> None:
    bench = Bench(plan("typed"), server.url, tmp_path)
    write(server, "typed", 1, EWR=1.0, JFK="two", LGA=True)
    _, dead = bench.process(records(100))
    said = {(letter["node"], letter["reason"], letter["error"]) for letter in dead}
    of = 'feature "mean" of typed_features.delays by origin'
    assert said == {
        ("recent", "wrong_type", f"{of}: found 'two', expected a double"),
        ("recent", "wrong_type", f"{of}: found True, expected a double"),
    }
