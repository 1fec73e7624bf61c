"""Sources of several topics, of all that a pattern matches, and of a part of a topic."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from uuid import uuid4

import kafka
import pytest

from engine.local.platform import Platform
from engine.workflow import Workflow
from models import RollingMean
from sinks import FeatureStore
from sinks.keys import progress_prefix
from sinks.redis_connection import connect
from sources import GroupOffsets, KafkaTopic, Offsets, Span, TopicPattern
from sources.kafka_reader import TopicReader
from sources.kafka_span import WHOLE
from tests.engine.jobs import plain_river
from tests.engine.jobs.readings import LATENESS_MS, PARTITIONS, SCHEMA, Feed, Reading, apart, feed, readings
from tests.engine.jobs.trial import BOUNDED, LIVE, Trial, begin, finish, fresh_name, workflow_of
from tests.waiting import wait_until

pytestmark = pytest.mark.services
Place = tuple[str, int, int]


def source(topic: str | tuple[str, ...] | TopicPattern, span: Span = WHOLE, schema: str | None = None) -> KafkaTopic:
    return KafkaTopic(topic, event_time="at", lateness=f"{LATENESS_MS}ms", idle="1d", span=span, schema=schema)


@pytest.fixture
def two(platform: Platform) -> Iterator[tuple[Feed, Feed]]:
    with feed(platform) as first, feed(platform) as second:
        yield first, second


def test_records_of_several_topics_are_told_apart_wherever_they_go(platform: Platform, two: tuple[Feed, Feed]) -> None:
    """The two topics have the same partitions and offsets, and what is late in the one is not in the other."""
    everything = apart(readings(2_000))
    bad: dict[Place, str] = {}
    for stream, records in zip(two, (everything[:1_000], everything[1_000:]), strict=True):
        stream.pour(records)
        bad[stream.topic, *stream.put(b"rubbish", 0)] = "no_magic"
        late = {**records[-1], "at": records[-1]["at"] - LATENESS_MS - 1_000}
        bad[stream.topic, *stream.put(stream.encoder.encode(late), PARTITIONS - 1)] = "late"
        stream.writer.flush()
    topics = tuple(stream.topic for stream in two)
    trial = finish(platform, workflow_of(source(topics), max_dead="50%"), BOUNDED)
    dead = trial.committed(f"{trial.name}.dead")
    assert {(d["topic"], d["partition"], d["offset"]): d["reason"] for d in dead} == bad
    assert _predicted(trial).keys() == _places(two) - bad.keys()
    assert _said(trial) == plain_river.predictions(everything)
    features = finish(platform, _with_features(topics), BOUNDED)
    assert _reached(platform, features) == {f"{stream.topic}.{p}".encode() for stream in two for p in range(PARTITIONS)}


def test_a_new_topic_that_a_pattern_matches_is_read_by_the_next_run(platform: Platform, tmp_path: Path) -> None:
    """Its name comes before the others', and theirs keep their numbers: none of their records is late, none is lost."""
    prefix, records = f"tenant_{uuid4().hex[:8]}", apart(readings(900))
    with ExitStack() as stack:
        later = [stack.enter_context(feed(platform, topic=f"{prefix}_{name}")) for name in ("b", "c")]
        for stream, half in zip(later, (records[:300:2], records[1:300:2]), strict=True):
            stream.pour(half)
        stack.enter_context(feed(platform, topic=f"not_{prefix}_b")).pour(records[:10])
        # the topics that it writes match as well
        flow = workflow_of(source(TopicPattern(f"{prefix}_.*"), schema=_schema_file(tmp_path)), name=f"{prefix}_own")
        first = begin(platform, flow, LIVE)
        first.wait_until_read()
        first.stop()
        new = stack.enter_context(feed(platform, topic=f"{prefix}_a"))
        for stream, third in zip((*later, new), (records[300::3], records[301::3], records[302::3]), strict=True):
            stream.pour(third)
        resumed = begin(platform, flow, LIVE)
        resumed.wait_until_read()
        resumed.stop(drain=True)
    assert resumed.started.restored_from is not None
    assert resumed.dead() == {}
    assert _predicted(resumed).keys() == _places((*later, new))
    assert _said(resumed) == plain_river.predictions(records)


def test_reading_starts_and_ends_where_its_author_says(platform: Platform, two: tuple[Feed, Feed]) -> None:
    """Partitions that are not named are read from their begin; a group's offsets are those that it has committed."""
    stream, _ = two
    records = apart(readings(400))
    stream.pour(records[:200])
    halfway = _newest_timestamp(platform, stream) + 1
    wait_until(lambda: time.time() * 1000 > halfway)
    stream.pour(records[200:])
    _commit(platform, stream, "elsewhere", {0: 40, 1: 41})
    instant = datetime.fromtimestamp(halfway / 1000, UTC)
    each = range(PARTITIONS)
    for span, expected in (
        (Span(start=instant), {(p, n) for p in each for n in range(50, 100)}),
        (Span(end=instant), {(p, n) for p in each for n in range(50)}),
        (Span(Offsets({stream.topic: {2: 99}})), {(p, n) for p in each for n in range(99 if p == 2 else 0, 100)}),
        (Span(end=Offsets({stream.topic: {1: 3}})), {(p, n) for p in each for n in range(3 if p == 1 else 100)}),
        (Span(GroupOffsets("elsewhere", "latest")), {(p, n) for p in (0, 1) for n in range(40 + p, 100)}),
        (Span("latest"), set()),
    ):
        trial = finish(platform, workflow_of(source(stream.topic, span)), BOUNDED)
        assert trial.predictions().keys() == expected, span


def test_a_source_that_ends_ends_its_workflow_though_it_is_not_bounded(
    platform: Platform, two: tuple[Feed, Feed]
) -> None:
    stream, _ = two
    stream.pour(apart(readings(200)))
    trial = begin(platform, workflow_of(source(stream.topic, Span(end=Offsets({stream.topic: {0: 10}})))), LIVE)
    trial.wait_until_ended()
    assert len(trial.predictions()) == 10 + 3 * 50


def _with_features(topics: tuple[str, ...]) -> Workflow:
    flow = Workflow(fresh_name(), order="event_time", max_dead="5%")
    warmth = RollingMean("warmth", by="station", window="1m", on="at", name="warmth")
    features = flow.pipeline("features", flow.source("readings", source(topics)), warmth)
    flow.sink("weather", features, FeatureStore("station"))
    return flow


def _places(streams: tuple[Feed, ...]) -> set[Place]:
    return {
        (s.topic, partition, offset)
        for s in streams
        for partition in range(PARTITIONS)
        for offset in range(s.end[partition])
    }


def _predicted(trial: Trial) -> dict[Place, Reading]:
    told = trial.committed(f"{trial.name}.predictions")
    found = {(record["topic"], record["partition"], record["offset"]): record for record in told}
    assert len(found) == len(told)
    return found


def _said(trial: Trial) -> list[tuple[bool | None, float | None]]:
    told = sorted(_predicted(trial).values(), key=lambda record: record["event_time"])
    return [(record["prediction"], record["probability"]) for record in told]


def _reached(platform: Platform, trial: Trial) -> set[bytes]:
    """The topics and partitions for which it is known how far the features have come."""
    with contextlib.closing(connect(platform.addresses.redis)) as client:
        marks = cast(list[bytes], client.hkeys(f"{progress_prefix(trial.name)}{trial.started.generation}"))
    return {mark.partition(b".")[2] for mark in marks}


def _schema_file(folder: Path) -> str:
    path = folder / "reading.avsc"
    path.write_text(json.dumps(SCHEMA))
    return str(path)


def _newest_timestamp(platform: Platform, stream: Feed) -> int:
    with TopicReader(platform.addresses.kafka, stream.topic) as reader:
        return max(record.timestamp for record in reader.until_end())


def _commit(platform: Platform, stream: Feed, group: str, offsets: dict[int, int]) -> None:
    consumer = kafka.KafkaConsumer(bootstrap_servers=platform.addresses.kafka, group_id=group, enable_auto_commit=False)
    consumer.commit(
        {
            kafka.TopicPartition(stream.topic, p): kafka.OffsetAndMetadata(offset, "", -1)
            for p, offset in offsets.items()
        }
    )
    consumer.close(autocommit=False)
