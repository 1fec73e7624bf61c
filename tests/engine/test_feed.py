from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from threading import Event
from typing import Any

import pytest

from engine.feed import Fed, Feed, Producer, paced
from engine.local.platform import Platform
from schemas.avro import load_schema
from schemas.codec import Decoder
from schemas.errors import Retryable
from schemas.registry import Registry
from sources.kafka_reader import TopicReader
from workflows.datasets import flights

COUNT = 3_000


class Clock:
    """Seconds that pass only while somebody waits, and a little with each look."""

    def __init__(self, step_s: float = 0.0) -> None:
        self.now_s = 0.0
        self.step_s = step_s

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s

    def wait(self, seconds: float) -> None:
        self.now_s += seconds


def test_a_rate_is_kept_on_the_whole() -> None:
    clock = Clock()
    assert len(list(paced(range(5_001), 2_000, clock.wait, clock))) == 5_001
    assert clock.now_s == pytest.approx(2.5, abs=0.003)


def test_a_pace_that_has_fallen_behind_waits_for_nothing() -> None:
    clock, waits = Clock(step_s=1.0), list[float]()
    assert list(paced("abc", 10, waits.append, clock)) == ["a", "b", "c"]
    assert waits == []


def test_a_registry_that_is_away_is_named() -> None:
    with pytest.raises(Retryable, match="registry"):
        Producer(Feed("flights", schema="flight"), "127.0.0.1:1", "http://127.0.0.1:1")


@pytest.mark.services
def test_records_arrive_once_each_key_in_order_and_each_partition_by_event_time(platform: Platform) -> None:
    sent = list(islice(flights(), COUNT))
    told: list[Fed] = []
    feed = Feed("fed_flights", schema="flight", key="tailnum")
    with Producer(feed, platform.addresses.kafka, platform.addresses.registry, clock=Clock(step_s=0.01)) as producer:
        fed = producer.send(sent, progress=told.append)
    assert (fed.records, fed.complete) == (COUNT, True)
    assert told[-1] == fed
    assert len(told) > 2
    by_partition = read(platform, feed)
    assert sorted(by_partition) == [0, 1, 2, 3]
    assert min(map(len, by_partition.values())) > COUNT / 6
    for flight_records in by_partition.values():
        departures = [flight["departed_at"] for flight in flight_records]
        assert departures == sorted(departures)
    partition_of = {flight["tailnum"]: number for number, found in by_partition.items() for flight in found}
    for number, found in by_partition.items():
        assert found == [flight for flight in sent if partition_of[flight["tailnum"]] == number]


@pytest.mark.services
def test_a_flag_stops_it_with_all_that_was_written_acknowledged(platform: Platform) -> None:
    stop = Event()

    def until_the_tenth() -> Iterator[dict[str, Any]]:
        for position, flight in enumerate(flights()):
            if position == 10:
                stop.set()
            yield flight

    feed = Feed("stopped_flights", schema="flight", partitions=1)
    with Producer(feed, platform.addresses.kafka, platform.addresses.registry) as producer:
        fed = producer.send(until_the_tenth(), stop=stop)
    assert (fed.records, fed.complete) == (10, False)
    assert read(platform, feed) == {0: list(islice(flights(), 10))}


def read(platform: Platform, feed: Feed) -> dict[int, list[dict[str, Any]]]:
    """The records of a topic by partition, decoded as the registry says."""
    with Registry(platform.addresses.registry) as registry:
        assert registry.latest(feed.subject).schema == load_schema(feed.schema)
        decoder = Decoder(load_schema(feed.schema), registry.schema)
        found: dict[int, list[dict[str, Any]]] = {}
        with TopicReader(platform.addresses.kafka, feed.topic) as reader:
            for stored in reader.until_end():
                found.setdefault(stored.partition, []).append(decoder.decode(stored.value))
    return found
