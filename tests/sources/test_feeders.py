"""What every feeder promises, whatever it reads."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import orjson
import pytest

from engine.feeding import Fed
from engine.local.platform import Platform
from schemas.errors import Fatal
from sources import Clockwork, Feeder, Generator
from tests.engine.jobs.trial import gone
from tests.kafka_sockets import leave_to_the_collector
from tests.sources.cases import CASES, READING, Records, fitted, read_on, readings
from tests.sources.feeding import Services, target
from tests.sources.secured import secured_broker
from tests.waiting import wait_until

FEW, MANY = 3_000, 30_000
KILLS, MOMENTS = 3, 60


@dataclass(frozen=True)
class Filled:
    """A feeder, and the records that it has to bring."""

    feeder: Feeder
    records: Records


def filled(name: str, folder: Path, size: int) -> Iterator[Filled]:
    with CASES[name](folder, readings(size)) as feeder:
        yield Filled(feeder, read_on(feeder, {})[0] if isinstance(feeder, Generator) else readings(size))


@pytest.fixture(params=CASES)
def few(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Filled]:
    yield from filled(request.param, tmp_path, FEW)


@pytest.fixture(params=["csv", "http", "postgres", "generator"])
def many(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Filled]:
    yield from filled(request.param, tmp_path, MANY)


@pytest.fixture(params=["jsonl.gz", "http", "sqlite", "generator"])
def one_of_each(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Filled]:
    yield from filled(request.param, tmp_path, FEW)


def test_a_description_does_nothing_and_can_be_sent_to_another_process(few: Filled) -> None:
    assert pickle.loads(pickle.dumps(few.feeder)) == few.feeder
    with ExitStack() as both:
        first, second = (both.enter_context(few.feeder.open({})).read() for _ in range(2))
    assert first == second


def test_it_goes_on_from_any_position_as_if_it_had_never_stopped(few: Filled) -> None:
    chance = random.Random(7)
    found: Records = []
    position: dict[str, Any] = {}
    while len(found) < FEW:
        more, position = read_on(few.feeder, position, chance.randint(1, 3))
        found += more
    assert fitted(found) == fitted(few.records)
    assert read_on(few.feeder, position)[0] == []


@pytest.mark.services
def test_killed_at_any_point_each_record_is_there_once_and_in_order(platform: Platform, many: Filled) -> None:
    services, to = Services.of(platform), target(many.feeder)
    chance = random.Random(many.feeder.__class__.__name__)
    killed = 0
    with services.watching(to) as written:
        for _ in range(KILLS):
            before = written()
            with services.process(to) as process:
                while written() == before and process.is_alive():
                    pass
                for _ in range(chance.randrange(MOMENTS)):  # from within a transaction to the next one
                    written()
            killed += process.exitcode == -9
    assert killed > 0
    assert services.feed(to).complete
    assert services.records(to) == fitted(many.records)
    assert len(services.dead(to)) == MANY - len(fitted(many.records)) > 0


@pytest.mark.services
def test_killed_among_many_small_transactions_each_record_is_there_once(platform: Platform) -> None:
    """Twenty transactions a second, so that a kill often falls between two requests of one of them."""
    services, chance, event_time = Services.of(platform), random.Random(7), Clockwork("seen_at")
    to = target(Generator("phishing", event_time, records=20_000, rate=4_000, partitions=1), schema=None)
    with services.watching(to) as written:
        for _ in range(6):
            before = written()
            with services.process(to) as process:
                while written() == before and process.is_alive():
                    pass
                for _ in range(chance.randrange(MOMENTS)):
                    written()
            assert process.exitcode == -9
    services.feed(to)
    assert [page["seen_at"] for page in services.records(to)] == [event_time.at(number) for number in range(20_000)]


@pytest.mark.services
def test_what_the_schema_cannot_hold_becomes_a_dead_letter_that_names_its_place(
    platform: Platform, one_of_each: Filled
) -> None:
    services, to = Services.of(platform), target(one_of_each.feeder)
    good = fitted(one_of_each.records)
    size_bytes = sum(services.sizes(to, good))
    assert services.feed(to) == Fed(len(good), FEW - len(good), size_bytes, complete=True)
    bad = [record for record in one_of_each.records if record["text"] is None]
    letters = services.dead(to)
    assert [int(orjson.loads(letter["value"])["number"]) for letter in letters] == [record["number"] for record in bad]
    for letter in letters:
        assert (letter["topic"], letter["node"], letter["reason"]) == (to.topic, "readings", "wrong_type")
        assert f'record {letter["offset"]}: field "text": expected string, found None' in letter["error"]
    assert services.feed(to) == Fed(complete=True)


@pytest.mark.services
def test_a_second_feeder_of_a_topic_ends_the_first(platform: Platform) -> None:
    services, stop = Services.of(platform), Event()
    to = target(Generator("phishing", rate=200, partitions=1), schema=None)
    first, told = services.feeding(to, stop, once=False), list[Fed]()
    first.progress = told.append
    with services.thread(first) as running:
        wait_until(lambda: bool(told))
        second, also_told = services.feeding(to, stop, once=False), list[Fed]()
        second.progress = also_told.append
        with services.thread(second) as its_successor:
            with pytest.raises(Fatal, match="another feeder of it has begun"):
                running.result(60)
            had = len(also_told)
            wait_until(lambda: len(also_told) > had)
            stop.set()
            assert not its_successor.result(60).complete
    made, _ = read_on(to.feeder, {}, len(services.records(to)) // 10)
    assert [page["seen_at"] for page in services.records(to)][: len(made)] == [page["seen_at"] for page in made]


@pytest.mark.services
def test_a_broker_that_is_gone_for_a_while_is_waited_for(platform: Platform, tmp_path: Path) -> None:
    services, told = Services.of(platform), list[Fed]()
    with CASES["csv"](tmp_path, readings(MANY)) as feeder:
        to = target(feeder)
        feeding = services.feeding(to)
        feeding.progress = told.append
        with services.thread(feeding) as running:
            wait_until(lambda: bool(told))
            with gone(platform, "kafka"):
                pass
            assert running.result(120).complete
    assert services.records(to) == fitted(readings(MANY))


@pytest.mark.services
def test_a_broker_that_asks_for_a_password_is_written_to(
    platform: Platform, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with secured_broker(tmp_path) as servers, CASES["csv"](tmp_path, readings(FEW)) as feeder:
        leave_to_the_collector(request.config, servers)
        services, to = Services(servers, platform.addresses.registry), target(feeder)
        services.feed(to)
        assert services.records(to) == fitted(readings(FEW))


def test_what_is_away_at_the_start_is_told_and_waited_for(tmp_path: Path) -> None:
    services, told, stop = Services("127.0.0.1:1", "http://127.0.0.1:1"), list[Fed](), Event()
    with CASES["csv"](tmp_path, readings(FEW)) as feeder:
        feeding = services.feeding(target(feeder), stop)

        def note(fed: Fed) -> None:
            told.append(fed)
            stop.set()

        feeding.progress = note
        assert feeding.run() == Fed()
    assert "127.0.0.1:1" in told[0].waiting_for


@pytest.mark.services
def test_a_position_of_another_kind_of_feeder_is_refused(platform: Platform, tmp_path: Path) -> None:
    services = Services.of(platform)
    with CASES["csv"](tmp_path, readings(10)) as feeder:
        to = target(feeder)
        services.feed(to)
    with pytest.raises(Fatal, match="has been fed by Files"):
        services.feed(target_like(to, Generator("phishing", records=1)))


def target_like(to: Any, feeder: Feeder) -> Any:
    return type(to)(to.workflow, to.source, to.topic, feeder, READING)
