"""Of a result that changes, each row is given once, as it is when the input has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine.connectors import Sql
from engine.flink.rest import FlinkRest
from engine.jobs.preparation import resolve
from engine.local.platform import Platform
from engine.workflow import Workflow
from schemas.errors import Fatal
from sources import Offsets, Span
from sources.kafka_span import WHOLE
from tests.engine.jobs.learned_rows import are_learned, learn
from tests.engine.jobs.readings import PARTITIONS, STATIONS, Feed, Reading, feed, readings
from tests.engine.jobs.trial import BOUNDED, LIVE, begin, finish, fresh_name, kill
from tests.waiting import wait_until

pytestmark = pytest.mark.services
COUNTED = """
SELECT station, CAST(COUNT(*) AS DOUBLE) AS wind, MAX(warmth) AS warmth, CAST(MAX(`at`) AS TIMESTAMP_LTZ(3)) AS `at`,
       CAST(NULL AS BOOLEAN) AS rain
FROM here GROUP BY station
"""
EQUAL = """
SELECT 'any' AS station, CAST(1.5 AS DOUBLE) AS wind, CAST(0.5 AS DOUBLE) AS warmth,
       CAST(`day` AS TIMESTAMP_LTZ(3)) AS `at`, TRUE AS rain
FROM (SELECT station, FLOOR(MAX(`at`) TO DAY) AS `day` FROM here GROUP BY station)
"""
NEWEST = """
SELECT `at`, station, warmth, wind, rain
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY station ORDER BY `at` DESC) AS place FROM here)
WHERE place = 1
"""
NUMBERED = """
SELECT `at`, station, rain, warmth, CAST(COUNT(*) OVER (ORDER BY `at`) AS DOUBLE) AS wind FROM newest
"""
DAY_MS = 24 * 60 * 60 * 1_000


@pytest.fixture
def here(platform: Platform) -> Iterator[Feed]:
    with feed(platform) as stream:
        yield stream


def workflow(here: Feed, query: str, span: Span = WHOLE) -> Workflow:
    flow = _flow(here, span)
    learn(flow, flow.connect("last", Sql(query, emit="final")), ("warmth", "wind"))
    return flow


def _flow(here: Feed, span: Span = WHOLE) -> Workflow:
    flow = Workflow(fresh_name(), order="event_time")
    flow.source("here", here.source(span=span))
    return flow


def counted(records: list[Reading]) -> list[dict[str, Any]]:
    return [
        {
            "station": station,
            "wind": float(count),
            "warmth": max(record["warmth"] for record in records if record["station"] == station),
            "at": max(record["at"] for record in records if record["station"] == station),
            "rain": None,
        }
        for station, count in Counter(record["station"] for record in records).items()
    ]


def test_a_result_is_given_as_it_is_in_the_end(platform: Platform, here: Feed) -> None:
    here.write(1_000)
    flow = workflow(here, f"{COUNTED} UNION ALL {EQUAL}")
    trial = finish(platform, flow, replace(BOUNDED, parallelism=2))
    rows = counted(here.written)
    equal = [{"station": "any", "wind": 1.5, "warmth": 0.5, "at": _day(row["at"]), "rain": True} for row in rows]
    assert trial.dead() == {}
    are_learned(trial, "last", rows + equal, ("warmth", "wind"))


def _day(at: int) -> int:
    return at // DAY_MS * DAY_MS


def test_a_query_reads_in_event_time_order_what_another_has_in_the_end(platform: Platform, here: Feed) -> None:
    here.write(1_000)
    flow = _flow(here)
    flow.connect("newest", Sql(NEWEST, emit="final"))
    learn(flow, flow.connect("numbered", Sql(NUMBERED)), ("warmth", "wind"))
    trial = finish(platform, flow, replace(BOUNDED, parallelism=2))
    by_time = sorted(here.written, key=lambda record: record["at"])
    newest = sorted({record["station"]: record for record in by_time}.values(), key=lambda record: record["at"])
    assert len({record["at"] for record in newest}) == len(newest)
    rows = [{**record, "wind": float(number)} for number, record in enumerate(newest, 1)]
    are_learned(trial, "numbered", rows, ("warmth", "wind"))


def test_a_run_that_was_killed_gives_the_same(platform: Platform, here: Feed) -> None:
    """Its topic ends behind records that are yet to be written as the TaskManager is killed; all are of one station."""
    until = dict.fromkeys(range(PARTITIONS), 300)
    here.write(150 * PARTITIONS)
    flow = workflow(here, COUNTED, Span(end=Offsets({here.topic: until})))
    trial = begin(platform, flow, LIVE)
    trial.wait_until_read()
    kill(platform, "taskmanager")
    wait_until(lambda: trial.restores() > 0)
    assert trial.predictions() == {}
    for position, record in enumerate(readings(150 * PARTITIONS, 150 * PARTITIONS)):
        at_one = {**record, "station": STATIONS[0]}
        here.put(here.encoder.encode(at_one), position % PARTITIONS)
        here.written.append(at_one)
    here.writer.flush()
    trial.wait_until_ended()
    are_learned(trial, "last", counted(here.written), ("warmth", "wind"))


def test_a_run_that_goes_on_is_refused(platform: Platform, here: Feed) -> None:
    with pytest.raises(Fatal, match='connector "last": gives its rows once the input has ended') as refused:
        begin(platform, workflow(here, COUNTED), LIVE)
    assert "--bounded" in refused.value.hint


@pytest.mark.parametrize(
    ("query", "said", "hint"),
    [
        ("SELECT station, COUNT(*) AS n FROM here GROUP BY station", "has no event time", "or MAX of it"),
        (
            "SELECT station, MIN(`at`) AS `first`, MAX(`at`) AS `at` FROM here GROUP BY station",
            "has 2 event times: first, at",
            r"CAST\(`at` AS TIMESTAMP_LTZ\(3\)\)",
        ),
        (
            "SELECT CAST(MIN(`at`) AS TIMESTAMP_LTZ(3)) AS b, CAST(MAX(`at`) AS TIMESTAMP_LTZ(3)) AS e FROM here",
            "has 2 event times: b, e",
            r"CAST\(`e` AS TIMESTAMP_LTZ\(6\)\)",
        ),
    ],
)
def test_a_result_without_one_event_time_is_refused(
    platform: Platform, here: Feed, query: str, said: str, hint: str
) -> None:
    with pytest.raises(Fatal, match=said) as refused:
        resolve(workflow(here, query), platform.addresses.registry, platform.home)
    assert refused.match(hint)


def test_a_row_without_an_event_time_stops_the_run(platform: Platform, here: Feed) -> None:
    here.write(100)
    never = "SELECT MAX(`at`) FILTER (WHERE wind < 0) AS `at`, COUNT(*) AS warmth, 1 AS wind, TRUE AS rain FROM here"
    trial = begin(platform, workflow(here, never), BOUNDED)
    trial.wait_until_ended("FAILED")
    assert 'its column "at" is null' in str(trial.ask(FlinkRest.failure))
