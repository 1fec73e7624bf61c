"""The joins that SQL cannot say give what follows from their definitions, and lose nothing when they are stopped."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from threading import Event, Thread
from typing import Any, Literal

import pytest

from engine.connectors import AsOfJoin, LabelJoin, LabelPolicy, Lookup, Sql
from engine.flink.rest import FlinkRest
from engine.jobs.ledger import Ledger, read_ledgers
from engine.local.platform import Platform
from engine.workflow import Workflow
from sources import KafkaTopic
from sources.kafka_admin import KafkaAdmin
from tests.engine.jobs.labels import Labelled, as_of
from tests.engine.jobs.learned_rows import are_learned, are_predicted, learn
from tests.engine.jobs.readings import FIRST_AT, PARTITIONS, STATIONS, Feed, Reading, feed
from tests.engine.jobs.trial import BOUNDED, LIVE, Trial, begin, finish, fresh_name
from tests.waiting import wait_until

pytestmark = pytest.mark.services
WITHOUT_RAIN = "SELECT `at`, station, warmth, wind FROM here"
FAR = 20_000  # records, engine/jvm/headrace/Alignment.java
LEFT, RIGHT = 0, 50  # no two readings of a station, of either side, are of one instant


@pytest.fixture
def streams(platform: Platform) -> Iterator[tuple[Feed, Feed]]:
    with feed(platform) as here, feed(platform) as there:
        yield here, there


def write(stream: Feed, count: int, side: int, *, after_ms: int = 0) -> None:
    """Readings every 100 ms or so, out of order by less than the lateness."""
    for position in range(len(stream.written), len(stream.written) + count):
        chance = random.Random(2 * position + side)
        reading: Reading = {
            "at": FIRST_AT + after_ms + 100 * (position + chance.randrange(5)) + side + position % 49,
            "station": chance.choice(STATIONS),
            "warmth": chance.gauss(12.0, 6.0),
            "wind": chance.expovariate(0.2),
            "rain": chance.random() < 0.4,
        }
        stream.put(stream.encoder.encode(reading), position % PARTITIONS)
        stream.written.append(reading)
    stream.writer.flush()


def as_of_flow(streams: tuple[Feed, Feed], wait: Literal["watermark", "none"] = "watermark") -> Workflow:
    flow = Workflow(fresh_name(), order="event_time" if wait == "watermark" else "arrival")
    here, there = (flow.source(name, stream.source()) for name, stream in zip(("here", "there"), streams, strict=True))
    joined = flow.connect("joined", AsOfJoin(here, there, on="station", tolerance="600ms", wait=wait))
    learn(flow, joined, ("warmth", "wind"))
    return flow


def as_of_rows(here: Feed, there: Feed) -> list[dict[str, Any]]:
    return [
        {**left, **{f"there_{name}": right and right[name] for name in ("at", "warmth", "wind", "rain")}}
        for left, right in as_of(here.written, there.written, 600)
    ]


def test_an_as_of_join_takes_the_newest_that_is_not_after(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    here, there = streams
    write(here, 2_000, LEFT)
    write(there, 1_500, RIGHT)
    trial = finish(platform, as_of_flow(streams), replace(BOUNDED, parallelism=2))
    rows = as_of_rows(here, there)
    assert 200 < sum(row["there_at"] is None for row in rows) < 1_500
    are_learned(trial, "joined", rows, ("warmth", "wind"))


def test_a_topic_that_is_far_ahead_of_the_other_waits_and_all_of_it_is_read(
    platform: Platform, streams: tuple[Feed, Feed]
) -> None:
    here, there = streams
    write(here, 3 * FAR, LEFT)
    write(there, 2 * FAR, RIGHT, after_ms=2 * FAR * 100)  # it waits in its middle, and is the last to end
    trial = finish(platform, as_of_flow(streams), BOUNDED)
    rows = as_of_rows(here, there)
    assert 2 * FAR < sum(row["there_at"] is None for row in rows) < 3 * FAR
    are_predicted(trial, "joined", rows)


def test_an_as_of_join_that_was_stopped_goes_on(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    here, there = streams
    flow = as_of_flow(streams)
    write(here, 1_000, LEFT)
    write(there, 500, RIGHT)
    first = begin(platform, flow, LIVE)
    wait_until_read(first, streams)
    first.stop()
    write(there, 500, RIGHT)
    resumed = begin(platform, flow, LIVE)
    wait_until_read(resumed, streams)
    resumed.stop(drain=True)
    are_learned(resumed, "joined", as_of_rows(here, there), ("warmth", "wind"))


def test_an_as_of_join_that_does_not_wait_takes_what_is_there(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    here, there = streams
    write(there, 300, RIGHT)
    trial = begin(platform, as_of_flow(streams, wait="none"), LIVE)
    wait_until_read(trial, (there,))
    write(here, 500, LEFT)  # two in five of them are after all that the other side has
    trial.wait_until_predicted(500)
    trial.stop()
    are_predicted(trial, "joined", as_of_rows(here, there))


def labels_flow(streams: tuple[Feed, Feed], policy: LabelPolicy) -> Workflow:
    flow = Workflow(fresh_name(), order="event_time")
    _, there = (flow.source(name, stream.source()) for name, stream in zip(("here", "there"), streams, strict=True))
    seen = flow.connect("seen", Sql(WITHOUT_RAIN))
    examples = flow.connect("examples", LabelJoin(seen, there, on="station", label="rain", within="2s", policy=policy))
    learn(flow, examples, ("warmth", "wind"))
    return flow


def expected(here: Feed, there: Feed, policy: LabelPolicy) -> Labelled:
    records = [{name: value for name, value in record.items() if name != "rain"} for record in here.written]
    return Labelled(records, there.written, 2_000, policy)


def ledger_of(trial: Trial) -> Ledger:
    with FlinkRest(trial.platform.addresses.flink) as flink:
        return read_ledgers(trial.name, flink)["examples"]


def non_zero(ledger: Ledger) -> dict[str, int]:
    return {name: count for name, count in asdict(ledger).items() if count}


@pytest.mark.parametrize(
    "policy",
    [
        LabelPolicy(),
        LabelPolicy(absent=False, corrections="relearn"),
        LabelPolicy(absent=True, winner="last"),
    ],
    ids=["first", "relearn", "last"],
)
def test_every_record_and_every_label_has_its_fate(
    platform: Platform, streams: tuple[Feed, Feed], policy: LabelPolicy
) -> None:
    here, there = streams
    write(here, 300, LEFT)
    write(there, 600, RIGHT)
    trial = finish(platform, labels_flow(streams, policy), replace(BOUNDED, parallelism=2))
    labelled, found = expected(here, there, policy), ledger_of(trial)
    assert found.adds_up
    assert non_zero(found) == dict(labelled.fates)
    assert min(found.labels_late, found.labels_orphan, found.labels_corrected, found.labels_duplicate) > 0
    are_learned(trial, "examples", labelled.examples, ("warmth", "wind"), "decided_at")


def test_a_label_join_that_was_stopped_goes_on_with_its_ledger(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    here, there = streams
    policy = LabelPolicy(absent=False)
    flow = labels_flow(streams, policy)
    write(here, 300, LEFT)
    write(there, 150, RIGHT)
    first = begin(platform, flow, LIVE)
    wait_until_read(first, streams)
    wait_until(lambda: ledger_of(first).records == 300 and ledger_of(first).labels == 150)
    first.stop()
    waiting = ledger_of(first)
    assert waiting.adds_up
    assert waiting.records_pending > 0
    write(there, 150, RIGHT)
    resumed = begin(platform, flow, LIVE)
    wait_until_read(resumed, streams)
    resumed.stop(drain=True)
    labelled = expected(here, there, policy)
    assert non_zero(ledger_of(resumed)) == dict(labelled.fates)
    are_learned(resumed, "examples", labelled.examples, ("warmth", "wind"), "decided_at")


def lookup_flow(streams: tuple[Feed, Feed], *, refresh: bool = False) -> Workflow:
    here, there = streams
    flow = Workflow(fresh_name(), order="arrival" if refresh else "event_time")
    left, right = flow.source("here", here.source()), flow.source("there", KafkaTopic(there.topic))
    found = flow.connect("found", Lookup(left, right, on="station", refresh=refresh))
    learn(flow, found, ("warmth", "wind"))
    return flow


def looked_up(here: Feed, entries: list[Reading]) -> list[dict[str, Any]]:
    last = {entry["station"]: entry for entry in entries}
    none = dict.fromkeys(("at", "warmth", "wind", "rain"))
    return [
        {**record, **{f"there_{name}": last.get(record["station"], none)[name] for name in none}}
        for record in here.written
    ]


def test_a_lookup_waits_for_its_table_and_holds_it(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    here, there = streams
    flow = lookup_flow(streams)
    write(here, 500, LEFT)
    for position, station in enumerate(STATIONS[:-1] * 2):
        told = entry(station, float(position))
        there.put(there.encoder.encode(told), STATIONS.index(station) % PARTITIONS)
        there.written.append(told)
    there.writer.flush()
    first = begin(platform, flow, LIVE)
    wait_until_read(first, (here,))
    first.stop()
    there.put(there.encoder.encode({**there.written[0], "warmth": -1.0}), 0)  # after the table was read
    write(here, 500, LEFT)
    resumed = begin(platform, flow, LIVE)
    wait_until_read(resumed, (here,))
    resumed.stop(drain=True)
    are_learned(resumed, "found", looked_up(here, there.written), ("warmth", "wind"))


def test_a_table_that_is_refreshed_changes_as_its_topic_does(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    here, there = streams
    tell(there, warmth=1.0)
    trial = begin(platform, lookup_flow(streams, refresh=True), LIVE)
    write(here, 200, LEFT)
    trial.wait_until_predicted(200)
    before = looked_up(here, there.written)
    tell(there, warmth=2.0)
    wait_until_read(trial, (there,))
    write(here, 200, LEFT)
    trial.wait_until_predicted(400)
    trial.stop()
    are_predicted(trial, "found", [*before, *looked_up(here, there.written)[200:]])


def test_a_table_that_never_rests_holds_nobody_up(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    here, there = streams
    tell(there, warmth=1.0)
    with busy(there):
        trial = begin(platform, lookup_flow(streams, refresh=True), LIVE)
        write(here, 200, LEFT)
        trial.wait_until_predicted(200)
    trial.stop()
    are_predicted(trial, "found", looked_up(here, there.written))


@contextmanager
def busy(there: Feed) -> Iterator[None]:
    """Somebody writes to a table, of a station that nobody asks for, all the time."""
    over = Event()

    def write_on() -> None:
        while not over.wait(0.05):
            put(there, b"busy", "elsewhere")
            there.writer.flush()

    writing = Thread(target=write_on)
    writing.start()
    try:
        yield
    finally:
        over.set()
        writing.join()


def test_a_table_holds_one_record_of_a_key_and_a_null_value_deletes_it(
    platform: Platform, streams: tuple[Feed, Feed]
) -> None:
    """Whose key in Kafka is not what the lookup goes by: a record that moves, and two of one station, are such.

    Partitions are read at different speeds, and so a deletion may come before what it deletes.
    """
    here, there = streams
    first, second, third, fourth, *_ = STATIONS
    put(there, b"moves", first, 1.0)
    put(there, b"moves", second, 2.0)
    put(there, b"stays", third, 3.0)
    put(there, b"again", third, 4.0)
    put(there, b"again")
    put(there, b"gone", fourth, 5.0)
    put(there, b"gone")
    put(there, b"never there")
    for _ in range(3_000):
        put(there, b"before", "elsewhere", partition=0)
    put(there, b"deleted before it is read", first, 6.0, partition=0)
    there.writer.flush()
    put(there, b"deleted before it is read", partition=1)
    rubbish = there.put(b"rubbish", 0, b"stays")
    there.writer.flush()
    write(here, 500, LEFT)
    trial = finish(platform, lookup_flow(streams), replace(BOUNDED, parallelism=2))
    assert {place: letter["reason"] for place, letter in trial.dead().items()} == {rubbish: "no_magic"}
    held = [entry(second, 2.0), entry(third, 3.0)]
    are_learned(trial, "found", looked_up(here, held), ("warmth", "wind"))


def test_a_null_value_deletes_from_a_table_that_is_refreshed(platform: Platform, streams: tuple[Feed, Feed]) -> None:
    here, there = streams
    put(there, b"first", STATIONS[0], 1.0)
    put(there, b"second", STATIONS[1], 2.0)
    there.writer.flush()
    flow = lookup_flow(streams, refresh=True)
    trial = begin(platform, flow, LIVE)
    write(here, 200, LEFT)
    trial.wait_until_read()
    trial.stop()
    before = looked_up(here, [entry(STATIONS[0], 1.0), entry(STATIONS[1], 2.0)])
    put(there, b"first")
    there.writer.flush()
    resumed = begin(platform, flow, LIVE)
    wait_until_read(resumed, (there,))
    write(here, 200, LEFT)
    resumed.wait_until_predicted(400)
    resumed.stop()
    are_predicted(resumed, "found", [*before, *looked_up(here, [entry(STATIONS[1], 2.0)])[200:]])


def put(table: Feed, key: bytes, station: str | None = None, warmth: float = 0.0, partition: int | None = None) -> None:
    """A record for a table under a key in Kafka, without a station one that deletes."""
    value = table.encoder.encode(entry(station, warmth)) if station else None
    table.put(value, sum(key) % PARTITIONS if partition is None else partition, key)


def entry(station: str, warmth: float) -> Reading:
    return {"at": 0, "station": station, "warmth": warmth, "wind": 0.0, "rain": None}


def tell(table: Feed, warmth: float) -> None:
    """A record of each station for a table."""
    for station in STATIONS:
        told = entry(station, warmth)
        table.put(table.encoder.encode(told), STATIONS.index(station) % PARTITIONS)
        table.written.append(told)
    table.writer.flush()


def wait_until_read(trial: Trial, streams: tuple[Feed, ...]) -> None:
    with KafkaAdmin(trial.platform.addresses.kafka) as kafka:
        group = f"headrace-{trial.name}"
        wait_until(lambda: all(kafka.behind(stream.topic, group) == 0 for stream in streams))
