"""Rules, a filter and a sample in a running job do what a plain loop does, though a TaskManager is killed meanwhile."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest
from river import compose, linear_model, preprocessing

from engine.local.platform import Platform
from engine.workflow import Workflow
from models import Filter, Flag, InRange, LastGood, Rules, Sample, Unique
from models.hashing import hash_share
from models.ordered import settle_order
from sinks import ModelStore, Topic
from tests.engine.jobs.readings import PARTITIONS, Coordinates, Feed, Reading, feed
from tests.engine.jobs.trial import LIVE, begin, fresh_name, kill
from tests.waiting import wait_until

pytestmark = pytest.mark.services
BURST = 500


def classifier() -> Any:
    inputs = compose.Select("warmth", "wind", "again")
    return inputs | preprocessing.StandardScaler() | linear_model.LogisticRegression()


def workflow(stream: Feed) -> Workflow:
    flow = Workflow(fresh_name(), order="event_time", max_dead="100%")
    rules = Rules(
        InRange("warmth", 0, 40),
        InRange("wind", 0, 9, otherwise=LastGood(first=0.0)),
        Unique("station", "20ms", on="at", otherwise=Flag("again")),
    )
    source = flow.source("readings", stream.source(idle="1d"))
    checked = flow.pipeline("checked", source, rules | Filter("station != 'como'"))
    model = flow.pipeline("model", checked, Sample("70%", by="at") | classifier(), label="rain")
    flow.sink("store", model, ModelStore(flow.name))
    flow.sink("predictions", model, Topic(f"{flow.name}.predictions"))
    return flow


def test_a_job_does_what_a_plain_loop_does(platform: Platform) -> None:
    with feed(platform) as stream:
        stream.write(BURST)
        trial = begin(platform, workflow(stream), LIVE)
        wait_until(lambda: trial.progress().learned > 0)
        seen = trial.newest_checkpoint()
        wait_until(lambda: trial.newest_checkpoint() > seen)
        stream.write(BURST)
        kill(platform, "taskmanager")
        wait_until(lambda: trial.restores() >= 1)
        stream.write(BURST)  # watermarks are no state: they start anew with new records in all partitions
        wait_until(lambda: trial.progress().learned > 0)  # what a worker counts begins with it
        trial.stop(drain=True)
    expected, dead = plain_loop(stream.written)
    predictions = trial.predictions()
    assert {at: (record["prediction"], record["probability"]) for at, record in predictions.items()} == expected
    letters = trial.dead()
    assert {(letter["node"], letter["reason"]) for letter in letters.values()} == {("checked", "rule_broken")}
    assert set(letters) == dead


def plain_loop(records: list[Reading]) -> tuple[dict[Coordinates, tuple[bool, float]], set[Coordinates]]:
    """The predictions, and the records that break a rule, by their coordinates."""
    order = sorted(range(len(records)), key=lambda i: (records[i]["at"], i % PARTITIONS, i // PARTITIONS))
    model, expected, dead = classifier(), {}, set()
    settle_order(model)  # river's Select keeps names in a set: sums of floats depend on their order
    last_wind, seen = 0.0, defaultdict[str, list[int]](list)
    for position in order:
        reading, at = records[position], (position % PARTITIONS, position // PARTITIONS)
        station, warmth, wind, time = reading["station"], reading["warmth"], reading["wind"], reading["at"]
        if not 0 <= warmth <= 40:
            dead.add(at)
            continue
        if station == "como":
            continue
        wind = last_wind = wind if wind <= 9 else last_wind
        again = any(time - other < 20 for other in seen[station])
        if not again:
            seen[station].append(time)
        if hash_share(datetime.fromtimestamp(time / 1000, UTC), 0) >= 0.7:
            continue
        x = {"again": again, "warmth": warmth, "wind": wind}
        said = model.predict_proba_one(x)
        expected[at] = (said[True] > said[False], said[True])
        if reading["rain"] is not None:
            model.learn_one(x, reading["rain"])
    assert min(len(expected), len(dead)) > 0
    return expected, dead
