"""What a pipeline learns from a query's result is what a plain loop learns from the same rows, to the last bit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from river import preprocessing, stats

from engine.connectors import IntervalJoin, Sql, Union
from engine.jobs.preparation import resolve
from engine.local.platform import Platform
from engine.workflow import Workflow
from schemas.errors import Fatal
from sinks import Topic
from sources import KafkaTopic
from tests.engine.jobs.learned_rows import are_learned, learn
from tests.engine.jobs.readings import Feed, Reading, feed, readings
from tests.engine.jobs.trial import BOUNDED, LIVE, Trial, begin, finish, fresh_name

pytestmark = pytest.mark.services
FEATURES = ("warmth", "wind", "gust")
GUSTS = """
SELECT here.`at`, here.station, here.warmth, here.wind, here.rain, there.wind AS gust
FROM here JOIN there
  ON here.station = there.station AND there.`at` BETWEEN here.`at` - INTERVAL '1' SECOND AND here.`at`
"""
COUNTED = """
SELECT `at`, station, warmth, rain, gust, CAST(COUNT(*) OVER lately AS DOUBLE) AS wind
FROM joined
WINDOW lately AS (PARTITION BY station ORDER BY `at` RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW)
"""


def workflow(here: Feed, there: Feed, *queries: str) -> Workflow:
    """A model of what the last of the queries gives; the first is "joined", and the second "counted"."""
    flow = _flow((here, there))
    for name, query in zip(("joined", "counted"), queries or (GUSTS,), strict=False):
        made = flow.connect(name, Sql(query))
    learn(flow, made, FEATURES)
    return flow


def _flow(streams: tuple[Feed, Feed], name: str | None = None) -> Workflow:
    flow = Workflow(name or fresh_name(), order="event_time", max_dead="5%")
    for side, stream in zip(("here", "there"), streams, strict=True):
        flow.source(side, stream.source())
    return flow


@pytest.fixture
def streams(platform: Platform) -> Iterator[tuple[Feed, Feed]]:
    with feed(platform) as here, feed(platform) as there:
        yield here, there


def test_a_join_of_two_topics_is_learned_in_event_time_order(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    here, there = streams
    here.write(3_000)
    there.write(3_000)
    rubbish = {(stream.topic, *stream.put(b"rubbish", partition)) for partition, stream in enumerate(streams)}
    for stream in streams:
        stream.writer.flush()
    trial = finish(platform, workflow(here, there), BOUNDED)
    rows = _joined(here.written, there.written)
    assert len(rows) > 3_000
    assert {(d["topic"], d["partition"], d["offset"]) for d in trial.dead().values()} == rubbish
    are_learned(trial, "joined", rows, FEATURES)


def test_a_join_that_was_stopped_goes_on_with_what_waited_in_it(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    flow = workflow(*streams)
    savepoint = _stopped_on_the_way(platform, flow, streams)
    _has_gone_on(platform, flow, streams, savepoint)


def test_a_workflow_that_grows_keeps_the_state_of_its_query_and_of_its_model(
    platform: Platform, streams: tuple[Feed, Feed]
) -> None:
    flow = workflow(*streams)
    savepoint = _stopped_on_the_way(platform, flow, streams)
    with pytest.raises(Fatal, match='node "model" is changed: what it has learned'):
        begin(platform, _grown(streams, flow.name, FEATURES[:2]), LIVE)
    resumed = _has_gone_on(platform, _grown(streams, flow.name, FEATURES), streams, savepoint)
    assert 0 < len(resumed.committed(f"{flow.name}.copies")) < len(resumed.predictions())


def _stopped_on_the_way(platform: Platform, flow: Workflow, streams: tuple[Feed, Feed]) -> str:
    """The savepoint of a join that had read both streams when it was stopped; each has more by now."""
    here, there = streams
    here.write(2_000)
    there.write(1_000)
    trial = begin(platform, flow, LIVE)
    trial.wait_until_read()
    savepoint = trial.stop()
    there.write(2_000)
    here.write(1_000)
    return savepoint


def _has_gone_on(platform: Platform, flow: Workflow, streams: tuple[Feed, Feed], savepoint: str) -> Trial:
    """Check that a join has resumed from the savepoint, and learned as if it had never stopped."""
    here, there = streams
    resumed = begin(platform, flow, LIVE)
    resumed.wait_until_read()
    assert resumed.started.restored_from == savepoint
    resumed.stop(drain=True)
    are_learned(resumed, "joined", _joined(here.written, there.written), FEATURES)
    return resumed


def _grown(streams: tuple[Feed, Feed], name: str, features: Sequence[str]) -> Workflow:
    """The workflow of a join with a transformer more, which has a state but nothing to fill in, and a sink more."""
    flow = _flow(streams, name)
    means = preprocessing.StatImputer(("gust", stats.Mean()))
    learner = learn(flow, flow.pipeline("filled", flow.connect("joined", Sql(GUSTS)), means), features)
    flow.sink("copies", learner, Topic(f"{name}.copies"))
    return flow


def test_a_query_reads_what_another_gives(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    here, there = streams
    here.write(1_000)
    there.write(300)
    trial = finish(platform, workflow(here, there, GUSTS, COUNTED), BOUNDED)
    joined = _joined(here.written, there.written)
    counted = [
        {
            **{name: row[name] for name in ("at", "station", "warmth", "rain", "gust")},
            "wind": float(sum(r["station"] == row["station"] and 0 <= row["at"] - r["at"] <= 1_000 for r in joined)),
        }
        for row in joined
    ]
    are_learned(trial, "counted", counted, FEATURES)


def test_an_interval_join_pairs_what_is_near(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    here, there = streams
    here.write(1_000)
    there.write(1_000)
    flow, near = _flow(streams), ("warmth", "wind", "there_wind")
    left, right = flow.nodes
    joined = flow.connect("joined", IntervalJoin(left, right, on="station", before="500ms", after="250ms"))
    learn(flow, joined, near)
    trial = finish(platform, flow, BOUNDED)
    pairs = [
        {**reading, **{f"there_{name}": other[name] for name in ("warmth", "wind", "rain")}}
        for reading in here.written
        for other in there.written
        if reading["station"] == other["station"] and -500 <= other["at"] - reading["at"] <= 250
    ]
    are_learned(trial, "joined", pairs, near)


def test_a_union_is_learned_in_event_time_order(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    here, there = streams
    here.write(500)
    for record in readings(700, 500):
        there.put(there.encoder.encode(record), 0)
        there.written.append(record)
    there.writer.flush()
    flow = _flow(streams)
    left, right = flow.nodes
    both = flow.connect("both", Union(left, right))
    learn(flow, both, ("warmth", "wind"))
    trial = finish(platform, flow, BOUNDED)
    are_learned(trial, "both", here.written + there.written, ("warmth", "wind"))


def _joined(here: list[Reading], there: list[Reading]) -> list[dict[str, Any]]:
    gusts: dict[str, list[Reading]] = {}
    for reading in there:
        gusts.setdefault(reading["station"], []).append(reading)
    return [
        {**reading, "gust": gust["wind"]}
        for reading in here
        for gust in gusts[reading["station"]]
        if reading["at"] - 1_000 <= gust["at"] <= reading["at"]
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT `at`, warmht FROM here", "line 1, column 14: .*'warmht'"),
        ("SELECT `at`\nFORM here, there", "line 2, column"),
        ("SELECT station, rain FROM here", ".*has no event time"),
        (
            "SELECT here.`at`, there.`at` AS t FROM here, there WHERE here.`at` = there.`at`",
            ".*has 2 event times: at, t",
        ),
        (
            "SELECT station, COUNT(*) AS n FROM here GROUP BY station",
            'its result changes .*\nhint: .*window.*emit="final"',
        ),
    ],
)
def test_a_query_that_cannot_run_is_refused_with_its_place(
    platform: Platform, streams: tuple[Feed, Feed], query: str, said: str
) -> None:
    here, there = streams
    with pytest.raises(Fatal, match=f'connector "joined": {said}'):
        resolve(workflow(here, there, query + " -- there"), platform.addresses.registry, platform.home)


def test_an_event_time_in_microseconds_is_refused_by_its_stream(platform: Platform, tmp_path: Path) -> None:
    instant = {"type": "long", "logicalType": "timestamp-micros"}
    fields = [{"name": "at", "type": instant}, {"name": "rain", "type": ["null", "boolean"]}]
    path = tmp_path / "tick.avsc"
    path.write_text(json.dumps({"type": "record", "name": "Tick", "fields": fields}))
    flow = Workflow(fresh_name())
    flow.source("ticks", KafkaTopic("ticks", schema=str(path), event_time="at"))
    learn(flow, flow.connect("some", Sql("SELECT `at`, rain FROM ticks")), ())
    with pytest.raises(Fatal, match='stream "ticks": Invalid data type of time field'):
        resolve(flow, None, platform.home)
