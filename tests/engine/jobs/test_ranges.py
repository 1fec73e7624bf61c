"""A run that is bounded to a range of event times, and one that starts at the begin of its topic and goes on."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from engine.cli.following import follow
from engine.flink.event_range import EventRange
from engine.flink.job_metrics import LeftOut
from engine.flink.rest import FlinkRest
from engine.local.platform import Platform
from schemas.errors import Fatal
from sources import Span
from tests.engine.jobs import plain_river
from tests.engine.jobs.readings import FIRST_AT, LATENESS_MS, PARTITIONS, Feed, apart, feed, readings, shuffled
from tests.engine.jobs.trial import BOUNDED, LIVE, Trial, begin, finish, workflow, workflow_of

pytestmark = pytest.mark.services
COUNT, FIRST, LAST = 2_000, FIRST_AT + 5_000, FIRST_AT + 12_000
RANGE = EventRange(datetime.fromtimestamp(FIRST / 1000, UTC), datetime.fromtimestamp(LAST / 1000, UTC))


def test_what_is_outside_of_a_range_is_counted_and_moves_nothing(platform: Platform) -> None:
    with feed(platform) as stream:
        stands = _fill(stream)
        whole = finish(platform, workflow(stream, max_dead="50%"), BOUNDED)
        ranged = begin(platform, workflow(stream, max_dead="50%"), replace(BOUNDED, event_range=RANGE))
        console = Console(width=200, record=True)
        assert not follow(ranged.started, ranged.settings, console)
    assert whole.dead().keys() | whole.predictions().keys() == stands.keys()
    inside = {place for place, time in stands.items() if FIRST <= time < LAST}
    assert _reasons(ranged) == {place: reason for place, reason in _reasons(whole).items() if place in inside}
    assert set(_reasons(ranged).values()) == {"late", "no_magic"}
    assert ranged.predictions().keys() == whole.predictions().keys() & inside
    ordered = sorted((r for r in stream.written if FIRST <= r["at"] < LAST), key=lambda r: r["at"])
    assert _said(ranged) == plain_river.predictions(ordered)
    left_out = len(stands) - len(inside)
    assert ranged.ask(FlinkRest.left_out) == {"readings.gate": left_out}
    with closing(LeftOut(ranged.name, platform.addresses.flink)) as left_out_records:
        [family] = left_out_records.collect()
    assert [(sample.labels["gate"], sample.value) for sample in family.samples] == [("readings.gate", left_out)]
    assert f"readings.gate: {left_out:,} records left out" in console.export_text()


def test_a_range_is_resumed_as_it_was(platform: Platform) -> None:
    with feed(platform) as stream:
        stream.pour(apart(readings(100)))
        flow = workflow(stream)
        ranged = replace(BOUNDED, event_range=RANGE)
        begin(platform, flow, LIVE).stop()
        for other in (ranged, BOUNDED, replace(LIVE, backfill=True)):
            with pytest.raises(Fatal, match=flow.name) as refused:
                begin(platform, flow, other)
            assert "--fresh" in refused.value.hint


def test_a_backfill_goes_on_live_and_nobody_is_passed_over_before(platform: Platform) -> None:
    """One partition has much more to read than the others, and one has nothing: it is quiet from the start."""
    records = [record for record in apart(readings(6_000)) if record["at"] // 10 % PARTITIONS != 3]
    few = [r for r in records if r["at"] // 10 % PARTITIONS == 0 or r["at"] > FIRST_AT + 30_000]
    with feed(platform) as stream:
        stream.pour(few)
        trial = begin(platform, workflow_of(stream.source("2s", Span(start="latest"))), replace(LIVE, backfill=True))
        stream.pour(apart(readings(9_000))[6_000:])
        trial.wait_until_read()
        trial.stop(drain=True)
    assert trial.dead() == {}
    assert _said(trial) == plain_river.predictions(sorted(stream.written, key=lambda record: record["at"]))


def _fill(stream: Feed) -> dict[tuple[int, int], int]:
    """Write good, late and bad records; where each is, and the event time at which it stands."""
    stands, largest = {}, [0] * PARTITIONS
    for number, record in enumerate(shuffled(apart(readings(COUNT)), "ranges")):
        partition = record["at"] // 10 % PARTITIONS
        largest[partition] = max(largest[partition], record["at"])
        stands[partition, stream.end[partition]] = record["at"]
        stream.add(record)
        if number % 50 == 0:
            stands[stream.put(b"rubbish", partition)] = largest[partition]
            late = largest[partition] - LATENESS_MS - 1
            stands[stream.put(stream.encoder.encode({**record, "at": late}), partition)] = late
    stream.writer.flush()
    return stands


def _reasons(trial: Trial) -> dict[tuple[int, int], str]:
    return {place: letter["reason"] for place, letter in trial.dead().items()}


def _said(trial: Trial) -> list[tuple[bool | None, float | None]]:
    told = sorted(trial.predictions().values(), key=lambda record: record["event_time"])
    return [(record["prediction"], record["probability"]) for record in told]
