"""A workflow gives the same, bit for bit, however its records come: all there, live, replayed, shuffled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from threading import Event
from typing import Any

import pytest

from engine.connectors import Sql, Tumbling
from engine.feed import replayed
from engine.flink.configuration import JobSettings
from engine.local.platform import Platform
from engine.plan import NO_PARTITION
from engine.workflow import Workflow
from sinks import ModelStore, Topic
from tests.engine.jobs.bits import bits
from tests.engine.jobs.readings import FIRST_AT, SPACING_MS, Feed, Reading, apart, feed, readings, shuffled
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


def in_pairs(records: list[Reading]) -> list[Reading]:
    """The same readings, two at each time."""
    return [{**record, "at": FIRST_AT + SPACING_MS * (position // 2)} for position, record in enumerate(records)]


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


def windowed(feeds: list[Feed]) -> Workflow:
    """What windows hold depends on the order of their rows: a sum of floats in its last bits, a last value altogether.

    The first ones have no key, so that what the others read comes from one task.
    """
    flow = Workflow(fresh_name(), order="event_time")
    here = flow.source("here", feeds[0].source(NEVER))
    aggregates = {"warmth": "AVG(warmth)", "wind": "LAST_VALUE(wind)", "rain": "LAST_VALUE(rain)"}
    flow.connect("moments", Tumbling(here, size="20ms", station="LAST_VALUE(station)", **aggregates))
    times = flow.connect("times", Sql("SELECT station, warmth, wind, rain, window_time AS `at` FROM moments"))
    seconds = flow.connect("seconds", Tumbling(times, by="station", size="1s", **aggregates))
    model = flow.pipeline("model", seconds, classifier(), label="rain")
    flow.sink("store", model, ModelStore(flow.name, every="250ms"))
    flow.sink("predictions", model, Topic(f"{flow.name}.predictions"))
    return flow


Make = Callable[[list[Feed]], Workflow]


@pytest.mark.parametrize(
    ("make", "inputs", "least", "settings", "paces"),
    [
        (one_topic, [apart(readings(SHORT))], 225, EACH_SECOND, [partial(at_speed, 1.0)]),
        (one_topic, [apart(readings(LONG))], 3_600, EACH_SECOND, [partial(at_speed, 100.0), unthrottled, out_of_order]),
        (
            joined,
            [apart(readings(LONG)), apart(readings(LONG, LONG))],
            3_600,
            EACH_SECOND,
            [partial(at_speed, 100.0), out_of_order],
        ),
        (
            windowed,
            [in_pairs(readings(LONG))],
            130,
            replace(EACH_SECOND, parallelism=2),
            [partial(at_speed, 100.0), out_of_order],
        ),
    ],
    ids=["as it happened", "faster", "with a join", "with windows"],
)
def test_live_and_replayed_records_give_what_bounded_ones_give(
    platform: Platform, make: Make, inputs: list[list[Reading]], least: int, settings: JobSettings, paces: list[Pace]
) -> None:
    bounded = replace(settings, bounded=True)
    expected = result(all_there(platform, make, inputs, unthrottled, bounded))
    assert len(expected[0]) >= least
    assert result(all_there(platform, make, inputs, out_of_order, bounded)) == expected
    for pace in paces:
        assert result(live(platform, make, inputs, pace, settings)) == expected


def all_there(platform: Platform, make: Make, inputs: list[list[Reading]], pace: Pace, settings: JobSettings) -> Trial:
    with ExitStack() as stack:
        feeds = [stack.enter_context(feed(platform)) for _ in inputs]
        for stream, records in zip(feeds, inputs, strict=True):
            stream.pour(pace(records))
        return finish(platform, make(feeds), settings)


def live(platform: Platform, make: Make, inputs: list[list[Reading]], pace: Pace, settings: JobSettings) -> Trial:
    """The records are written while the workflow runs, by turns where there are several topics."""
    with ExitStack() as stack:
        feeds = [stack.enter_context(feed(platform)) for _ in inputs]
        trial = begin(platform, make(feeds), settings)
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
