"""A workflow gives the same, bit for bit, however its records come: all there, live, replayed, shuffled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from threading import Event
from typing import Any

import pytest

from engine.connectors import Sql
from engine.feed import replayed
from engine.local.platform import Platform
from engine.plan import NO_PARTITION
from engine.workflow import Workflow
from sinks import ModelStore, Topic
from tests.engine.jobs.bits import bits
from tests.engine.jobs.readings import Feed, Reading, apart, feed, readings, shuffled
from tests.engine.jobs.trial import EACH_SECOND, Trial, begin, classifier, finish, fresh_name, workflow

pytestmark = pytest.mark.services
NEVER = "1d"  # on a slow machine, a partition that is passed over would make another order
GUSTS = """
SELECT here.`at`, here.station, here.warmth, there.wind, here.rain
FROM here JOIN there
  ON here.station = there.station AND there.`at` BETWEEN here.`at` - INTERVAL '0.3' SECOND AND here.`at`
"""
Pace = Callable[[list[Reading]], Iterator[Reading]]
SHORT, LONG = 250, 4_000  # 2.5 and 40 s of event time


def at_speed(speed: float, records: list[Reading]) -> Iterator[Reading]:
    return replayed(records, lambda record: record["at"] / 1000, speed, Event().wait)


def unthrottled(records: list[Reading]) -> Iterator[Reading]:
    return iter(records)


def out_of_order(records: list[Reading]) -> Iterator[Reading]:
    return iter(shuffled(records, "live"))


def one_topic(feeds: list[Feed]) -> Workflow:
    return workflow(feeds[0], idle=NEVER)


def joined(feeds: list[Feed]) -> Workflow:
    flow = Workflow(fresh_name(), order="event_time")
    for name, stream in zip(("here", "there"), feeds, strict=True):
        flow.source(name, stream.source(NEVER))
    model = flow.pipeline("model", flow.connect("joined", Sql(GUSTS)), classifier(), label="rain")
    flow.sink("store", model, ModelStore(flow.name, every="250ms"))
    flow.sink("predictions", model, Topic(f"{flow.name}.predictions"))
    return flow


Make = Callable[[list[Feed]], Workflow]


@pytest.mark.parametrize(
    ("make", "streams", "count", "paces"),
    [
        (one_topic, 1, SHORT, [partial(at_speed, 1.0)]),
        (one_topic, 1, LONG, [partial(at_speed, 100.0), unthrottled, out_of_order]),
        (joined, 2, LONG, [partial(at_speed, 100.0), out_of_order]),
    ],
    ids=["as it happened", "faster", "with a join"],
)
def test_live_and_replayed_records_give_what_bounded_ones_give(
    platform: Platform, make: Make, streams: int, count: int, paces: list[Pace]
) -> None:
    inputs = [apart(readings(count, start)) for start in range(0, streams * count, count)]
    expected = result(all_there(platform, make, inputs, unthrottled))
    assert len(expected[0]) >= count * 9 // 10
    assert result(all_there(platform, make, inputs, out_of_order)) == expected
    for pace in paces:
        assert result(live(platform, make, inputs, pace)) == expected


def all_there(platform: Platform, make: Make, inputs: list[list[Reading]], pace: Pace) -> Trial:
    with ExitStack() as stack:
        feeds = [stack.enter_context(feed(platform)) for _ in inputs]
        for stream, records in zip(feeds, inputs, strict=True):
            stream.pour(pace(records))
        return finish(platform, make(feeds), replace(EACH_SECOND, bounded=True))


def live(platform: Platform, make: Make, inputs: list[list[Reading]], pace: Pace) -> Trial:
    """The records are written while the workflow runs, by turns where there are several topics."""
    with ExitStack() as stack:
        feeds = [stack.enter_context(feed(platform)) for _ in inputs]
        trial = begin(platform, make(feeds), EACH_SECOND)
        for records in zip(*(pace(records) for records in inputs), strict=True):
            for stream, record in zip(feeds, records, strict=True):
                stream.add(record)
        for stream in feeds:
            stream.writer.flush()
        trial.wait_until_read()
        trial.stop(drain=True)
    return trial


def result(trial: Trial) -> list[Any]:
    """What each record was predicted, by its event time, and the model at the end, as its bits."""
    told = trial.committed(f"{trial.name}.predictions")
    for record in told:
        del record["epoch"]  # tells one run from another
        if record["partition"] != NO_PARTITION:
            del record["offset"]  # tells one order of writing from another
    said = {(record["event_time"], record.get("offset")): record for record in told}
    assert len(said) == len(told)
    assert trial.dead() == {}
    [(card, model)] = trial.models()
    return [said, card.version.count, card.learned_until, card.metrics, bits(model)]
