"""Pipelines that feed connectors, several pipelines on one stream, and sinks on streams as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from river import compose, preprocessing

from engine.connectors import Over, Sql
from engine.jobs.dead_letters import Selection
from engine.jobs.redriving import redrive
from engine.local.platform import Platform
from engine.workflow import Workflow
from models import Derive, Filter, InRange, Rules
from sinks import FeatureKey, FeatureReader, FeatureStore, Topic
from tests.engine.jobs.learned_rows import are_learned, learn
from tests.engine.jobs.readings import LATENESS_MS, PARTITIONS, STATIONS, Feed, Reading, feed, readings
from tests.engine.jobs.trial import BOUNDED, LIVE, Trial, begin, finish, fresh_name
from tests.waiting import wait_until

pytestmark = pytest.mark.services
FEATURES = ("warmth", "wind", "met")
SECOND_MS = 1_000
CALMEST, WILDEST = 0.0, 25.0


@pytest.fixture
def stream(platform: Platform) -> Iterator[Feed]:
    with feed(platform) as stream:
        yield stream


def composed(stream: Feed) -> Workflow:
    """A model behind a window behind a pipeline that learns, beside another pipeline, and sinks at every place."""
    flow = Workflow(fresh_name(), order="event_time", max_dead="50%")
    source = flow.source("readings", stream.source())
    flow.sink("as_they_are", source, Topic(f"{flow.name}.as_they_are"))
    flow.sink("gales", flow.pipeline("signs", source, Derive(gale="wind > 10")), Topic(f"{flow.name}.gales"))
    scaled = compose.Select("warmth") | preprocessing.StandardScaler()
    calm = Rules(InRange("wind", CALMEST, WILDEST)) | Filter("warmth > 0")
    kept = flow.pipeline("kept", source, calm | (compose.Select("station", "wind", "rain") + scaled))
    met = flow.connect("met", Over(kept, by="station", span="1s", met="COUNT(*)", seen="MAX(wind)"))
    flow.sink("stations", met, FeatureStore("station", features=("met", "seen")))
    learn(flow, met, FEATURES)
    return flow


def test_each_part_sees_what_a_plain_loop_sees(platform: Platform, stream: Feed) -> None:
    stream.write(3_000)
    rubbish = {(*stream.put(b"rubbish", partition), "readings") for partition in range(2)}
    stream.writer.flush()
    trial = finish(platform, composed(stream), BOUNDED)
    wild = {place for place, reading in _placed(stream).items() if reading["wind"] > WILDEST}
    dead = trial.committed(f"{trial.name}.dead")
    assert len(wild) > 10
    assert {(d["partition"], d["offset"], d["node"]) for d in dead} == rubbish | {(*place, "kept") for place in wild}
    assert len(dead) == len(rubbish) + len(wild)
    tame = {place: reading for place, reading in _placed(stream).items() if place not in wild}
    assert _of_topic(trial, "as_they_are", "wind") == {place: reading["wind"] for place, reading in tame.items()}
    assert _of_topic(trial, "gales", "gale") == {place: reading["wind"] > 10 for place, reading in tame.items()}
    rows = _met(tame)
    assert len(rows) > 2_000
    are_learned(trial, "met", rows, FEATURES)
    newest = {row["station"]: (row["at"], row["met"], row["seen"]) for row in rows}
    with FeatureReader(platform.addresses.redis) as reader:
        found = reader.read(trial.name, [FeatureKey("station", station, "stations") for station in STATIONS])
    assert [row and (row.event_time, row.features["met"], row.features["seen"]) for row in found] == [
        newest[station] for station in STATIONS
    ]


def _placed(stream: Feed) -> dict[tuple[int, int], Reading]:
    return {(n % PARTITIONS, n // PARTITIONS): reading for n, reading in enumerate(stream.written)}


def _of_topic(trial: Trial, sink: str, field: str) -> dict[tuple[int, int], Any]:
    records = trial.committed(f"{trial.name}.{sink}")
    found = {(record["partition"], record["offset"]): record[field] for record in records}
    assert len(found) == len(records)
    return found


def _met(tame: dict[tuple[int, int], Reading]) -> list[dict[str, Any]]:
    """The rows of the window over what the pipeline lets through, whose scaler learns in event-time order."""
    scaler, through = preprocessing.StandardScaler(), []
    for _, reading in sorted(tame.items(), key=lambda placed: (placed[1]["at"], placed[0])):
        if reading["warmth"] > 0:
            x = {"warmth": reading["warmth"]}
            scaler.learn_one(x)
            through.append({**reading, **scaler.transform_one(x)})
    rows = []
    for row in through:
        first, last = row["at"] - SECOND_MS, row["at"]
        here = [r for r in through if r["station"] == row["station"] and first <= r["at"] <= last]
        rows.append({**row, "met": len(here), "seen": max(r["wind"] for r in here)})
    return rows


def test_results_of_several_parts_go_to_kafka_on_edges_where_barriers_overtake(
    platform: Platform, stream: Feed
) -> None:
    stream.write(300)
    trial = finish(platform, composed(stream), BOUNDED)
    plan = httpx.get(f"{platform.addresses.flink}/jobs/{trial.started.job_id}/plan", trust_env=False).json()["plan"]
    [writer] = [node for node in plan["nodes"] if node["description"].startswith("kafka: Writer")]
    assert len(writer["inputs"]) > 1
    assert {edge["ship_strategy"] for edge in writer["inputs"]} == {"HASH"}


def test_what_a_pipeline_has_refused_comes_to_no_connector_twice(platform: Platform, stream: Feed) -> None:
    flow = Workflow(fresh_name(), max_dead="50%")
    source = flow.source("readings", stream.source(idle="100ms"))
    flow.sink("all", flow.connect("passed", Sql("SELECT * FROM readings")), Topic(f"{flow.name}.all"))
    calm = flow.pipeline("calm", source, Rules(InRange("wind", CALMEST, WILDEST)))
    flow.sink("calm_ones", calm, Topic(f"{flow.name}.calm_ones"))
    stream.write(2_000)
    trial = begin(platform, flow, LIVE)
    late = [{**reading, "at": stream.written[0]["at"] - 10 * LATENESS_MS} for reading in readings(8, 5_000)]
    for number, reading in enumerate(late):
        stream.put(stream.encoder.encode(reading), number % PARTITIONS)
    stream.writer.flush()
    wild = sum(reading["wind"] > WILDEST for reading in stream.written)
    assert wild > 0
    assert all(reading["wind"] < WILDEST for reading in late)
    _wait_for_letters(trial, wild + len(late))
    addresses = platform.addresses
    assert redrive(addresses.kafka, addresses.registry, trial.name, Selection()).sent == wild + len(late)
    _wait_for_letters(trial, 2 * wild + len(late))
    trial.stop(drain=True)
    assert len(trial.committed(f"{trial.name}.all")) == 2_000 + len(late)
    assert len(_of_topic(trial, "calm_ones", "wind")) == 2_000 - wild + len(late)


def _wait_for_letters(trial: Trial, count: int) -> None:
    wait_until(lambda: len(trial.committed(f"{trial.name}.dead")) == count)
