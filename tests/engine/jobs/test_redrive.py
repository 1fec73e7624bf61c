"""Dead letters that are sent again are taken in once, under their coordinates, whatever happens meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from engine.connectors import Sql
from engine.jobs.dead_letters import Selection, read_letters
from engine.jobs.redriving import behind, open_letters, outgoing, redrive, writer_of
from engine.local.platform import Platform
from engine.plan import NO_PARTITION
from engine.workflow import Workflow
from models import OneOf, Rules
from schemas.errors import Fatal
from sinks import Topic
from sources.kafka_transactions import Fenced, Outgoing
from tests.engine.jobs.readings import (
    LATENESS_MS,
    PARTITIONS,
    STATIONS,
    Coordinates,
    Feed,
    feed,
    readings,
    released,
)
from tests.engine.jobs.trial import EACH_SECOND, Trial, begin, classifier, fresh_name, kill, workflow
from tests.waiting import wait_until

pytestmark = pytest.mark.services
COMMAND = [sys.executable, "-c", "from engine.cli import main; main()"]
LATE, BAD = 40, 12
YEAR_2100 = 4_102_444_800_000  # ms since the epoch
ALL, QUIET = Selection(), "100ms"


@pytest.fixture
def stream(platform: Platform) -> Iterator[Feed]:
    with feed(platform) as stream:
        stream.write(2_000)
        yield stream


def _spoil(stream: Feed) -> tuple[dict[Coordinates, int], set[Coordinates]]:
    """Records that come too late, with their event times in ms, and ones that are none.

    All have to be in the dead letters, as late and no_magic.
    """
    late = readings(LATE, len(stream.written))
    at = min(reading["at"] for reading in stream.written[-PARTITIONS * 60 :]) - 10 * LATENESS_MS
    values = [stream.encoder.encode({**reading, "at": at + n}) for n, reading in enumerate(late)]
    lates = {stream.put(value, n % PARTITIONS): at + n for n, value in enumerate(values)}
    bad = {stream.put(b"rubbish", n % PARTITIONS, b"key") for n in range(BAD)}
    stream.writer.flush()
    return lates, bad


def _letters(trial: Trial) -> list[tuple[Coordinates, str, int]]:
    found = trial.committed(f"{trial.name}.dead")
    return sorted(((d["partition"], d["offset"]), d["reason"], d["attempt"]) for d in found)


def _wait_for_letters(trial: Trial, count: int) -> None:
    wait_until(lambda: len(_letters(trial)) == count)


def _send(trial: Trial, selection: Selection = ALL, *, stop: Event | None = None) -> int:
    """Send letters again, a few at a time, and say how many."""
    addresses = trial.platform.addresses

    def interrupt(_: int) -> None:
        if stop is not None:
            stop.set()

    return redrive(
        addresses.kafka, addresses.registry, trial.name, selection, stop=stop, progress=interrupt, batch=5
    ).sent


def _wait_until_taken_in(trial: Trial) -> None:
    wait_until(lambda: behind(trial.platform.addresses.kafka, trial.name) == 0)


def _said(trial: Trial, *command: str) -> Any:
    """What the command line says to programs."""
    line = (*COMMAND, "dead", *command, "--json", "--home", str(trial.platform.home))
    return json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)


def test_each_is_sent_once_although_commands_and_workers_are_killed(platform: Platform, stream: Feed) -> None:
    trial = begin(platform, workflow(stream, max_dead="50%", idle=QUIET), EACH_SECOND)
    early = stream.put(stream.encoder.encode({**readings(1, 3_000)[0], "at": YEAR_2100}), 0)
    late, bad = _spoil(stream)
    _wait_for_letters(trial, LATE + BAD + 1)
    with pytest.raises(Fenced):
        _wake_up_too_late(trial)
    assert _send(trial, Selection(reason="late"), stop=Event()) == 5
    kill(platform, "taskmanager")
    assert _send(trial) == LATE + BAD + 1 - 5
    _wait_for_letters(trial, LATE + 2 * BAD + 1)
    assert _send(trial, Selection(reason="late")) == 0
    _wait_until_taken_in(trial)
    counts = {entry["reason"]: (entry["letters"], entry["open"]) for entry in _said(trial, "ls", trial.name)["letters"]}
    assert counts == {"future": (1, 0), "late": (LATE, 0), "no_magic": (2 * BAD, BAD)}
    [shown] = _said(trial, "show", trial.name, "--reason", "no_magic")
    assert (shown["attempt"], shown["state"], shown["key"], shown["value"]) == (
        2,
        "open",
        "key",
        f"0x{b'rubbish'.hex()}",
    )
    trial.stop(drain=True)
    expected = [*((at, "late", 1) for at in late), *((at, "no_magic", attempt) for at in bad for attempt in (1, 2))]
    assert _letters(trial) == sorted([(early, "future", 1), *expected])
    assert trial.predictions().keys() == {(p, n) for p in range(PARTITIONS) for n in range(stream.end[p])} - bad
    labelled = sum(
        reading["rain"] is not None for reading in readings(2_000) + readings(LATE, 2_000) + readings(1, 3_000)
    )
    [(card, _)] = trial.models()
    assert card.version.count == labelled


def _wake_up_too_late(trial: Trial) -> None:
    """A command that has written letters, and has yet to commit them when another one begins."""
    kafka, registry = trial.platform.addresses.kafka, trial.platform.addresses.registry

    def written() -> Iterator[Outgoing]:
        yield from (outgoing(trial.name, letter) for letter in open_letters(kafka, registry, trial.name, ALL))
        writer_of(kafka, trial.name).close()

    with writer_of(kafka, trial.name) as asleep:
        asleep.commit(written())


def test_what_is_sent_to_a_stopped_workflow_waits_and_a_fresh_start_takes_nothing_twice(
    platform: Platform, stream: Feed
) -> None:
    flow = workflow(stream, max_dead="50%", idle=QUIET)
    trial = begin(platform, flow, EACH_SECOND)
    late, bad = _spoil(stream)
    _wait_for_letters(trial, LATE + BAD)
    trial.stop()
    assert _said(trial, "redrive", trial.name, "--reason", "late", "--dry-run") == {
        "workflow": trial.name,
        "sent": 0,
        "open": LATE,
    }
    said = _said(trial, "redrive", trial.name, "--reason", "late")
    assert said == {"workflow": trial.name, "sent": LATE, "complete": True, "running": False}
    resumed = begin(platform, flow, EACH_SECOND)
    _wait_until_taken_in(resumed)
    wait_until(lambda: _event_times(resumed).issuperset(late.values()))  # at once: no other record comes
    resumed.stop(drain=True)
    anew = begin(platform, flow, EACH_SECOND, fresh=True)
    _wait_for_letters(anew, 2 * (LATE + BAD))
    assert {(e["reason"], e["letters"], e["open"]) for e in _said(anew, "ls", anew.name)["letters"]} == {
        ("late", 2 * LATE, LATE),
        ("no_magic", 2 * BAD, BAD),
    }
    assert _send(anew, Selection(reason="no_magic")) == BAD
    _wait_for_letters(anew, 2 * (LATE + BAD) + BAD)
    anew.stop(drain=True)
    counts = Counter((p["partition"], p["offset"]) for p in anew.committed(f"{anew.name}.predictions"))
    places = {(p, n) for p in range(PARTITIONS) for n in range(stream.end[p])} - bad
    assert counts == {place: 1 if place in late else 2 for place in places}


def test_letters_of_a_rule_pass_it_once_it_is_mended(platform: Platform, stream: Feed) -> None:
    name = fresh_name()

    def ruled(*stations: str) -> Workflow:
        flow = Workflow(name, order="event_time", max_dead="50%")
        known = flow.pipeline("known", flow.source("readings", stream.source()), Rules(OneOf("station", stations)))
        model = flow.pipeline("model", known, classifier(), label="rain")
        flow.sink("predictions", model, Topic(f"{name}.predictions"))
        return flow

    refused = sum(reading["station"] == STATIONS[0] for reading in released(stream.written))
    trial = begin(platform, ruled(*STATIONS[1:]), EACH_SECOND)
    _wait_for_letters(trial, refused)
    trial.stop()
    assert _send(trial) == refused
    mended = begin(platform, ruled(*STATIONS), EACH_SECOND)
    wait_until(lambda: len(mended.predictions()) == len(released(stream.written)))
    mended.stop(drain=True)
    assert len(_letters(mended)) == refused
    assert len(mended.predictions()) == len(stream.written)


def test_letters_of_sources_and_of_connectors_go_back_to_where_they_failed(platform: Platform, stream: Feed) -> None:
    flow = Workflow(fresh_name(), order="event_time", max_dead="50%")
    flow.source("readings", stream.source(QUIET))
    query = "SELECT `at`, station, NULLIF(warmth, -1.0) AS warmth, wind, rain FROM readings WHERE wind >= 0"
    rows = flow.connect("rows", Sql(query))
    flow.sink(
        "predictions", flow.pipeline("model", rows, classifier(), label="rain"), Topic(f"{flow.name}.predictions")
    )
    trial = begin(platform, flow, EACH_SECOND)
    late, _ = _spoil(stream)
    without = stream.put(stream.encoder.encode({**stream.written[-1], "warmth": -1.0}), 3)
    stream.write(400)  # the watermark passes it
    _wait_for_letters(trial, LATE + BAD + 1)
    assert without not in {place for place, _, _ in _letters(trial)}  # a row of a query has other coordinates
    assert _send(trial) == LATE + BAD + 1
    _wait_for_letters(trial, LATE + 2 * (BAD + 1))
    wait_until(lambda: _event_times(trial).issuperset(late.values()))  # at once, and at their own time
    trial.stop(drain=True)
    assert Counter((reason, attempt) for _, reason, attempt in _letters(trial)) == {
        ("late", 1): LATE,
        ("no_magic", 1): BAD,
        ("no_magic", 2): BAD,
        ("null_feature", 1): 1,
        ("null_feature", 2): 1,
    }
    assert {partition for (partition, _), reason, _ in _letters(trial) if reason == "null_feature"} == {NO_PARTITION}
    assert len(trial.predictions()) == 2_400 + LATE


def _event_times(trial: Trial) -> set[int]:
    """The event times of all predictions, in ms."""
    predicted = (prediction["event_time"] for prediction in trial.committed(f"{trial.name}.predictions"))
    return {round(event_time.timestamp() * 1000) for event_time in predicted}


def test_a_workflow_that_never_ran_is_named_with_those_that_did(platform: Platform) -> None:
    kafka, registry = platform.addresses.kafka, platform.addresses.registry
    with pytest.raises(Fatal, match=r'has no topic "nobody\.dead"'):
        list(read_letters(kafka, registry, "nobody"))
    with pytest.raises(Fatal, match=r'has no topic "nobody\.redrive"') as caught:
        redrive(kafka, registry, "nobody", ALL)
    assert "headrace run" in caught.value.hint
