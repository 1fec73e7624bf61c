"""Many clients at once: every record is there once, and those of a key are in the order in which they were sent."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from engine.local.platform import Platform
from sources.kafka_writer import TopicWriter
from tests.engine.ingest.running import AT, PARTITIONS, Stop, trip
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.services
CLIENTS, REQUESTS, RECORDS = 4, 25, 40


def test_records_of_a_key_stay_in_order(platform: Platform, topic: Stop) -> None:
    def send(car: int) -> None:
        with httpx.Client(base_url=platform.addresses.ingest, timeout=PATIENCE_S, trust_env=False) as client:
            for start in range(0, REQUESTS * RECORDS, RECORDS):
                trips = [trip(number, f"car-{car}") for number in range(start, start + RECORDS)]
                answer = client.post(topic.path, params={"key": "car"}, json=trips)
                assert (answer.status_code, answer.json()["accepted"]) == (202, RECORDS)

    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(send, range(CLIENTS)))
    found = defaultdict(list)
    for stored, record in zip(topic.stored(), topic.records(), strict=True):
        assert stored.key == record["car"].encode()
        found[record["car"], stored.partition].append(record["number"])
    assert sorted(car for car, _ in found) == [f"car-{car}" for car in range(CLIENTS)]
    assert all(numbers == list(range(REQUESTS * RECORDS)) for numbers in found.values())


def test_a_key_goes_where_other_feeders_send_it(platform: Platform, client: httpx.Client, topic: Stop) -> None:
    trips = [trip(number, f"car-{number}") for number in range(50)] + [trip(50)]
    client.post(topic.path, params={"key": "car"}, json=trips)
    with TopicWriter(platform.addresses.kafka) as writer:
        for record in trips:
            writer.write(topic.topic, b"theirs", (record["car"] or "").encode())
    stored = topic.stored()
    ours = {record.key: record.partition for record in stored if record.value != b"theirs"}
    assert ours == {record.key: record.partition for record in stored if record.value == b"theirs"}
    assert len(ours) == 51


def test_without_a_key_records_are_spread(client: httpx.Client, topic: Stop) -> None:
    client.post(topic.path, json=[trip(number) for number in range(200)])
    stored = topic.stored()
    assert {record.partition for record in stored} == set(range(PARTITIONS))
    assert {record.key for record in stored} == {None}


def test_numbers_are_keys_as_text(client: httpx.Client, topic: Stop) -> None:
    client.post(topic.path, params={"key": "number"}, json={"number": 7, "at": AT, "car": None})
    assert [record.key for record in topic.stored()] == [b"7"]
