"""Bad records go to the dead letters with their reason, and are as if they had never been."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine.connectors import Sql
from engine.flink.rest import FlinkRest
from engine.local.platform import Platform
from engine.workflow import Workflow
from schemas.codec import Encoder
from schemas.registry import Registry
from tests.engine.jobs.bits import bits
from tests.engine.jobs.learned_rows import learn
from tests.engine.jobs.readings import FIRST_AT, PARTITIONS, SCHEMA, Coordinates, Feed, Reading, feed, readings
from tests.engine.jobs.trial import BOUNDED, EACH_SECOND, LIVE, Trial, begin, finish, fresh_name, kill, workflow
from tests.waiting import wait_until

pytestmark = pytest.mark.services
ROUNDS, READINGS = 12, 60
MIB = 1 << 20
LARGE_RECORDS = {"max.message.bytes": str(MIB + 200_000)}
YEAR_200000 = 6_248_188_800_000_000  # ms since the epoch
TEXT_SCHEMA: dict[str, Any] = {**SCHEMA, "fields": [{**field, "type": "string"} for field in SCHEMA["fields"]]}
UNKNOWN_ID = (0).to_bytes(1, "big") + (2**31 - 1).to_bytes(4, "big")


def test_bad_records_go_to_the_dead_letters_and_change_nothing(platform: Platform) -> None:
    reasons: dict[Coordinates, str] = {}
    with (
        feed(platform, LARGE_RECORDS) as dirty,
        feed(platform) as clean,
        Registry(platform.addresses.registry) as registry,
    ):
        texts = Encoder(TEXT_SCHEMA, registry.register(f"{dirty.topic}-texts", TEXT_SCHEMA))
        for number in range(ROUNDS):
            dirty.write(READINGS)
            for value, key, reason in _bad(dirty, texts):
                reasons[dirty.put(value, number % PARTITIONS, key)] = reason
        dirty.writer.flush()
        clean.write(ROUNDS * READINGS)
        trial = begin(platform, workflow(dirty, max_dead="50%"), replace(EACH_SECOND, bounded=True))
        spared = begin(platform, workflow(clean), replace(EACH_SECOND, bounded=True))
        trial.wait_until_ended()
        spared.wait_until_ended()
    dead, predictions = trial.dead(), trial.predictions()
    assert {place: letter["reason"] for place, letter in dead.items()} == reasons
    assert dead.keys() | predictions.keys() == {(p, n) for p in range(PARTITIONS) for n in range(dirty.end[p])}
    assert dead.keys().isdisjoint(predictions)
    labelled = sum(reading["rain"] is not None for reading in dirty.written)
    [(card, model)], [(other_card, other_model)] = trial.models(), spared.models()
    assert card.version.count == other_card.version.count == labelled
    assert bits(model) == bits(other_model)
    assert card.learned_until == other_card.learned_until
    assert _in_order(trial) == _in_order(spared)
    assert trial.ask(FlinkRest.failures) == 0, trial.ask(FlinkRest.failure)


@pytest.fixture
def spoiled(platform: Platform) -> Iterator[Feed]:
    """2,000 readings, and 180 records that are none."""
    with feed(platform) as stream:
        stream.write(2_000)
        for number in range(180):
            stream.put(b"{}" if number % 3 else b"\0", number % PARTITIONS)
        stream.writer.flush()
        yield stream


def test_what_only_connectors_read_is_measured_against_its_own_records(platform: Platform, spoiled: Feed) -> None:
    """Behind the query there are fewer records than letters."""
    trial = finish(platform, queried(spoiled, "station = 'ayr' AND wind > 15", max_dead="10%"), BOUNDED)
    assert len(trial.dead()) == 180
    assert 0 < len(trial.predictions()) < 100


def test_a_stream_that_only_connectors_read_stops_the_job_once_it_drowns(platform: Platform, spoiled: Feed) -> None:
    trial = begin(platform, queried(spoiled, "TRUE", max_dead="5%"), BOUNDED)
    trial.wait_until_ended("FAILED")
    failure = str(trial.ask(FlinkRest.failure))
    assert 'source "readings": ' in failure
    assert "records are dead letters, more than max_dead 5.00%: no_magic" in failure


def test_a_stream_that_only_connectors_read_is_measured_with_what_came_before_a_kill(platform: Platform) -> None:
    """By themselves, the letters behind the kill would be the first hundred records, and all refused."""
    with feed(platform) as stream:
        trial = begin(platform, queried(stream, "TRUE", max_dead="10%"), LIVE)
        stream.write(2_000)
        trial.wait_until_read()
        kill(platform, "taskmanager")
        wait_until(lambda: trial.restores() > 0)
        for number in range(150):
            stream.put(b"{}", number % PARTITIONS)
        stream.writer.flush()
        trial.wait_until_read()
        trial.stop(drain=True)
    assert len(trial.dead()) == 150
    assert len(trial.predictions()) == 2_000


def queried(stream: Feed, condition: str, max_dead: str) -> Workflow:
    """A model of those readings that fulfil a condition."""
    flow = Workflow(fresh_name(), max_dead=max_dead)
    flow.source("readings", stream.source())
    chosen = flow.connect("chosen", Sql(f"SELECT * FROM readings WHERE {condition}"))
    learn(flow, chosen, ("warmth", "wind"))
    return flow


def _bad(stream: Feed, texts: Encoder) -> Iterator[tuple[bytes | None, bytes | None, str]]:
    """Value, key and reason of one bad record of each kind."""
    [good] = readings(1, len(stream.written))
    encoded = stream.encoder.encode(good)

    def changed(**fields: object) -> bytes:
        return stream.encoder.encode({**good, **fields})

    yield None, b"key", "null_value"
    yield b"{}", None, "no_magic"
    yield b"\1" + encoded[1:], None, "no_magic"
    yield UNKNOWN_ID + encoded[5:], None, "unknown_schema"
    yield encoded[:-4], None, "corrupt"
    yield encoded + b"\0", None, "corrupt"
    yield encoded[:5] + b"\xff" * 11, None, "corrupt"
    yield texts.encode({field["name"]: "x" for field in TEXT_SCHEMA["fields"]}), None, "wrong_type"
    yield changed(warmth=math.nan), None, "not_finite"
    yield changed(wind=-math.inf), None, "not_finite"
    yield changed(at=YEAR_200000), None, "future"
    yield changed(at=-YEAR_200000), None, "corrupt"
    yield changed(at=FIRST_AT - 60_000), None, "late"
    yield encoded, bytes(MIB), "too_large"
    yield changed(station="x" * MIB), None, "too_large"


def _in_order(trial: Trial) -> list[Reading]:
    predictions = trial.predictions()
    order = sorted(predictions, key=lambda place: (predictions[place]["event_time"], *place))
    return [predictions[place] for place in order]
