"""Tables are typed by their schema, and say which line is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.flink.written import Chunk, Then
from engine.plan import PlannedSource, Reading
from engine.testing import Table, at, corrupt, crash, duplicate, idle, late_by, table
from engine.testing.typed import Typed, Typing
from engine.testing.writing import chunks_of, in_step
from schemas.avro import load_schema
from schemas.codec import Decoder, Encoder
from schemas.errors import BadRecord, Fatal
from sources import KafkaTopic

WEATHER = load_schema("weather")
TOPIC = KafkaTopic("weather", schema="weather", event_time="observed_at", lateness="10m")
SOURCE = PlannedSource("weather", TOPIC, WEATHER)
ENCODER = Encoder(WEATHER, 1)


def typed(table: Table, event_time: str | None = "observed_at") -> list[Any]:
    return list(Typing("weather", table, WEATHER, event_time, TOPIC.lateness_time).lines())


def chunks(table: Table) -> list[Chunk]:
    return chunks_of(SOURCE, table, ENCODER)


def test_values_are_as_the_schema_has_them() -> None:
    [line] = typed(table("observed_at origin temp", ("2013-06-01 08:00", "EWR", 50)))
    assert line.record == {
        **dict.fromkeys(("humid", "wind_speed", "precip", "visib")),
        "observed_at": datetime(2013, 6, 1, 8, tzinfo=UTC),
        "origin": "EWR",
        "temp": 50.0,
    }
    assert type(line.record["temp"]) is float
    assert line.event_time == at("2013-06-01 08:00")


def test_a_late_record_is_behind_the_latest_of_its_partition_by_the_lateness_and_so_much() -> None:
    lines = typed(
        table(
            "observed_at origin",
            ("08:00", "EWR"),
            ("09:00", "JFK"),
            (late_by("1s"), "EWR"),
            (late_by("1s"), "JFK"),
            (late_by("1s"), "EWR"),
            partition_by="origin",
        )
    )
    early = timedelta(minutes=10, seconds=1)
    assert [line.event_time for line in lines[2:]] == [at("08:00") - early, at("09:00") - early, at("08:00") - early]
    assert [line.partition for line in lines] == [0, 1, 0, 1, 0]
    assert lines[2].record["observed_at"] == lines[2].event_time


def test_records_without_an_event_time_arrive_one_after_the_other() -> None:
    lines = typed(table("observed_at origin", ("08:00", "EWR"), ("08:00", "EWR")), event_time=None)
    assert lines[0].event_time < lines[1].event_time


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (table("observed_at wind", ("08:00", 1.0)), 'column "wind": schema "Weather" has no such field'),
        (table("origin", ("EWR",)), 'has no column "observed_at", the event time'),
        (table("observed_at", ("08:00",)), 'line 1: field "origin": is missing'),
        (table("observed_at origin temp", ("08:00", "EWR", "warm")), 'line 1: field "temp": expected double'),
        (table("observed_at origin", ("8 o'clock", "EWR")), 'line 1: event time "8 o\'clock": expected a time'),
        (table("observed_at origin", ("08:00", "EWR"), (9, "EWR")), 'line 2: event time "observed_at" is 9'),
        (table("observed_at origin", (late_by("1m"), "EWR")), "line 1: is late, but is the first in its partition"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_its_line(wrong: Table, said: str) -> None:
    with pytest.raises(Fatal) as refused:
        typed(wrong)
    assert said in str(refused.value)
    assert 'table "weather": ' in str(refused.value)


def test_a_table_is_cut_at_its_marks() -> None:
    cut = chunks(
        table(
            "observed_at origin", ("08:00", "EWR"), duplicate, corrupt, crash, ("08:05", "EWR"), idle, ("09:00", "EWR")
        )
    )
    assert [(len(chunk.records), chunk.then) for chunk in cut] == [(3, Then.CRASH), (1, Then.IDLE), (1, Then.GO_ON)]
    decoder = Decoder(WEATHER, lambda _: WEATHER)
    whole, double, broken = cut[0].records
    assert double == whole
    assert decoder.decode(whole.value)["observed_at"] == at("08:00")
    with pytest.raises(BadRecord) as refused:
        decoder.decode(broken.value)
    assert refused.value.reason == "corrupt"


def test_no_record_arrives_before_one_that_came_earlier() -> None:
    [chunk] = chunks(table("observed_at origin", ("08:00", "EWR"), ("09:00", "EWR"), (late_by("1m"), "EWR")))
    arrivals = [record.arrival for record in chunk.records]
    assert arrivals == sorted(arrivals)


@pytest.mark.parametrize("mark", [duplicate, corrupt])
def test_a_mark_of_the_record_before_needs_one(mark: Any) -> None:
    with pytest.raises(Fatal, match="is said of the record before it"):
        chunks(table("observed_at origin", mark))


@pytest.mark.parametrize("mark", [idle, crash])
def test_a_table_that_is_looked_up_has_no_time_of_its_own(mark: Any) -> None:
    held = PlannedSource("weather", TOPIC, WEATHER, Reading.TABLE)
    with pytest.raises(Fatal, match='table "weather": is looked up'):
        chunks_of(held, table("observed_at origin", ("08:00", "EWR"), mark), ENCODER)


def test_where_one_is_idle_all_wait_for_what_follows_from_that() -> None:
    quiet = table("observed_at origin", ("08:00", "EWR"), idle, ("09:00", "EWR"))
    busy = table("observed_at origin", ("08:00", "EWR"), crash, ("09:00", "EWR"), crash)
    stepped = in_step({"quiet": chunks(quiet), "busy": chunks(busy)})
    assert [len(chunk.records) for chunk in stepped["quiet"]] == [1, 0, 1, 0, 0]
    assert [len(chunk.records) for chunk in stepped["busy"]] == [1, 0, 0, 1, 0]
    assert [chunk.then for chunk in stepped["quiet"]] == [Then.IDLE, *[Then.GO_ON] * 4]
    assert [chunk.then for chunk in stepped["busy"]] == [
        *(Then.GO_ON, Then.CRASH, Then.GO_ON),  # fails once it has read what the idle one has next
        *(Then.CRASH, Then.GO_ON),
    ]


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        ("", {}, "its columns are ''"),
        ("a a", {}, "its columns are 'a a'"),
        ("a", {"partition_by": "b"}, 'is partitioned by "b"'),
    ],
)
def test_a_table_that_is_none(columns: str, options: dict[str, str], said: str) -> None:
    with pytest.raises(Fatal, match=said):
        table(columns, partition_by=options.get("partition_by"))


def test_a_line_is_typed_or_a_mark() -> None:
    lines = typed(table("observed_at origin", ("08:00", "EWR"), crash))
    assert isinstance(lines[0], Typed)
    assert lines[1] is crash
