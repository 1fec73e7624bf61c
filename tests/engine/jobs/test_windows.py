"""Windows in a few words give what a plain loop over the same records gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

import pytest

from engine.connectors import Cumulative, Hopping, Over, Session, Sql, Tumbling
from engine.local.platform import Platform
from engine.workflow import Workflow
from tests.engine.jobs.learned_rows import are_learned, learn
from tests.engine.jobs.readings import PARTITIONS, Feed, Reading, feed, readings
from tests.engine.jobs.trial import BOUNDED, LIVE, begin, finish, fresh_name, kill
from tests.waiting import wait_until

pytestmark = pytest.mark.services
KINDS = ("tumbling", "hopping", "cumulative", "session", "recent")
ALL = "\nUNION ALL\n".join(
    f"SELECT '{kind}' AS kind, station, CAST(n AS DOUBLE) AS n, warmest, CAST(NULL AS BOOLEAN) AS rain, "
    f"{'`at`' if kind == 'recent' else 'window_time'} AS `at` FROM {kind}"
    for kind in KINDS
)
AGGREGATES = {"n": "COUNT(*)", "warmest": "MAX(warmth)"}


def test_each_kind_of_window_holds_what_it_should(platform: Platform) -> None:
    flow = Workflow(fresh_name(), order="event_time")
    with feed(platform) as stream:
        stream.write(1_000)
        here = flow.source("here", stream.source())
        flow.connect("tumbling", Tumbling(here, by="station", size="1s", **AGGREGATES))
        flow.connect("hopping", Hopping(here, by="station", size="2s", every="1s", **AGGREGATES))
        flow.connect("cumulative", Cumulative(here, by="station", size="3s", every="1s", **AGGREGATES))
        flow.connect("session", Session(here, by="station", gap="150ms", **AGGREGATES))
        flow.connect("recent", Over(here, by="station", span="300ms", **AGGREGATES))
        learn(flow, flow.connect("windows", Sql(ALL)), ("n", "warmest"))
        trial = finish(platform, flow, replace(BOUNDED, parallelism=2))
    rows = list(_windows(stream.written))
    assert {row["kind"] for row in rows} == set(KINDS)
    are_learned(trial, "windows", rows, ("n", "warmest"))


@pytest.mark.parametrize("parallelism", [1, 2])
def test_rows_that_wait_for_their_turn_outlive_a_kill(platform: Platform, parallelism: int) -> None:
    """A partition in which nothing has come yet holds up the watermark, and with it all that has come in the others."""
    flow = Workflow(fresh_name(), order="event_time")
    with feed(platform) as stream:
        here = flow.source("here", stream.source(idle="10m"))
        learn(flow, flow.connect("recent", Over(here, by="station", span="300ms", **AGGREGATES)), ("n", "warmest"))
        trial = begin(platform, flow, replace(LIVE, parallelism=parallelism))
        _write_to_others(stream, readings(600))
        trial.wait_until_read()
        kill(platform, "taskmanager")
        wait_until(lambda: trial.restores() > 0)
        _write_to_others(stream, readings(400, start=600))
        trial.wait_until_read()
        assert trial.predictions() == {}
        trial.stop(drain=True)
    rows = [{**reading, **_recent(stream.written, reading)} for reading in stream.written]
    are_learned(trial, "recent", rows, ("n", "warmest"))


def _write_to_others(stream: Feed, records: list[Reading]) -> None:
    """Write to all partitions but the last."""
    for position, record in enumerate(records):
        stream.put(stream.encoder.encode(record), position % (PARTITIONS - 1))
    stream.writer.flush()
    stream.written.extend(records)


def _recent(records: list[Reading], reading: Reading) -> dict[str, Any]:
    at = reading["at"]
    here = [r["warmth"] for r in records if r["station"] == reading["station"] and at - 300 <= r["at"] <= at]
    return {"n": len(here), "warmest": max(here)}


def _windows(records: list[Reading]) -> Iterator[dict[str, Any]]:
    by_station = sorted(records, key=lambda record: (record["station"], record["at"]))
    for station, group in groupby(by_station, key=lambda record: record["station"]):
        here = list(group)
        first, last = here[0]["at"] // 1_000 * 1_000, here[-1]["at"]
        for start in range(first - 3_000, last + 1, 1_000):
            yield from _row("tumbling", station, here, start, start + 1_000)
            yield from _row("hopping", station, here, start, start + 2_000)
            if start % 3_000 == 0:
                for end in (1_000, 2_000, 3_000):
                    yield from _row("cumulative", station, here, start, start + end)
        yield from _sessions(station, here)
        for reading in here:
            recent = {"station": station, **_recent(here, reading), "rain": None, "at": reading["at"]}
            yield {"kind": "recent", **recent, "n": float(recent["n"])}


def _sessions(station: str, here: list[Reading]) -> Iterator[dict[str, Any]]:
    session = [here[0]]
    for reading in [*here[1:], None]:
        if reading and reading["at"] - session[-1]["at"] <= 150:
            session.append(reading)
        else:
            yield from _row("session", station, session, session[0]["at"], session[-1]["at"] + 150)
            session = [reading] if reading else []


def _row(kind: str, station: str, here: list[Reading], start: int, end: int) -> Iterator[dict[str, Any]]:
    """The row of a window, if it holds anything."""
    held = [reading["warmth"] for reading in here if start <= reading["at"] < end]
    if held:
        row = {"kind": kind, "station": station, "n": float(len(held)), "warmest": max(held), "rain": None}
        yield {**row, "at": end - 1}
