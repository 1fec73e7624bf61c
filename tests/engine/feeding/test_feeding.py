from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from engine.feeding import Fed
from engine.local.platform import Platform
from schemas.codec import Decoder
from schemas.errors import BadRecord, Retryable
from schemas.registry import Registry
from sources import Clockwork, Feeder, Files, Generator, Trouble
from sources.feeder import Batch, Position, Reading
from sources.kafka_admin import KafkaAdmin
from sources.kafka_reader import TopicReader
from sources.kafka_transactions import TransactionalWriter
from sources.kafka_writer import partition_of
from tests.sources.cases import READING
from tests.sources.feeding import Services, target
from tests.waiting import wait_until


@dataclass(frozen=True)
class Flaky(Feeder):
    """Counts up to `end`, and fails the first time that it comes to a number of `fails`."""

    end: int = 10
    fails: list[int] = field(default_factory=list)

    def open(self, position: Position) -> Counting:
        return Counting(self, position)


class Counting(Reading):
    def __init__(self, flaky: Flaky, position: Position) -> None:
        self._flaky = flaky
        self._number = position.get("number", 0)

    def read(self) -> Batch | None:
        if self._number in self._flaky.fails:
            self._flaky.fails.remove(self._number)
            raise Retryable(f"the number {self._number} is away")
        if self._number == self._flaky.end:
            return None
        self._number += 1
        return Batch([{"number": self._number, "text": ""}], {"number": self._number}, "numbers", self._number)

    def close(self) -> None:
        pass


@pytest.fixture
def services(platform: Platform) -> Services:
    return Services.of(platform)


@pytest.mark.services
def test_what_fails_for_a_while_is_opened_again_where_it_was(services: Services) -> None:
    to = target(Flaky(end=10, fails=[0, 4, 5, 9, 10], partitions=1))
    feeding, waits = services.feeding(to), list[str]()
    feeding.progress = lambda fed: waits.append(fed.waiting_for)
    assert feeding.run().complete
    assert [record["number"] for record in services.records(to)] == list(range(1, 11))
    assert {said for said in waits if said} == {f"the number {number} is away" for number in (0, 4, 5, 9, 10)}


@pytest.mark.services
def test_a_feeder_whose_transaction_was_ended_though_nobody_took_its_turn_goes_on(services: Services) -> None:
    """A broker that has waited too long for a feeder fences it as a successor would."""
    to = target(Generator("phishing", Clockwork("seen_at"), records=6_000, rate=1_000, partitions=1), schema=None)
    feeding, told = services.feeding(to), list[Fed]()
    feeding.progress = told.append
    with services.thread(feeding) as running:
        for _ in range(2):
            had = sum(fed.records for fed in told)
            wait_until(lambda had=had: running.done() or sum(fed.records for fed in told) > had)  # type: ignore[misc]
            assert not running.done()
            TransactionalWriter(services.kafka, f"headrace-feeder-{to.topic}").close()
        assert running.result(60).complete
    assert any("ended from outside" in fed.waiting_for for fed in told)
    assert [page["seen_at"] for page in services.records(to)] == [Clockwork("seen_at").at(at) for at in range(6_000)]


@pytest.mark.services
def test_records_of_one_key_go_where_other_clients_would_send_them(services: Services) -> None:
    to = target(Generator("flight", records=3_000, key="tailnum"), schema=None)
    services.feed(to)
    with TopicReader(services.kafka, to.topic) as reader:
        stored = list(reader.until_end())
    assert len({record.partition for record in stored}) > 1
    for record in stored:
        assert record.key is not None
        assert record.partition == partition_of(record.key, range(4))


@pytest.mark.services
def test_records_without_a_key_go_to_the_partitions_in_turn_whatever_happens(services: Services) -> None:
    to = target(Flaky(end=1_000, fails=[77, 501]))
    services.feed(to)
    numbers: dict[int, list[int]] = {}
    with TopicReader(services.kafka, to.topic) as reader:
        decoder = Decoder(READING, lambda _: READING)
        for record in reader.until_end():
            numbers.setdefault(record.partition, []).append(decoder.decode(record.value)["number"])
    assert numbers == {partition: list(range(partition + 1, 1_001, 4)) for partition in range(4)}


@pytest.mark.services
def test_what_is_made_corrupt_arrives_corrupt(services: Services) -> None:
    generator = Generator("phishing", records=2_000, trouble=Trouble(corrupt=0.1), partitions=1)
    to = target(generator, schema=None)
    assert services.feed(to).records == 2_000
    with Registry(services.registry) as registry, TopicReader(services.kafka, to.topic) as reader:
        decoder = Decoder(registry.latest(to.subject).schema, registry.schema)
        fates = [fate_of(decoder, record.value) for record in reader.until_end()]
    assert fates.count("good") == pytest.approx(1_800, rel=0.05)
    assert set(fates) == {"good", "corrupt", "no_magic"}


def fate_of(decoder: Decoder, value: bytes | None) -> str:
    try:
        decoder.decode(value)
    except BadRecord as error:
        return error.reason
    return "good"


@pytest.mark.services
def test_a_record_that_the_topic_does_not_take_is_a_dead_letter(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "readings.jsonl"
    texts = ["short", "x" * 9_000, "also short"]
    file.write_text("".join(json.dumps({"number": at, "text": text}) + "\n" for at, text in enumerate(texts)))
    to = target(Files(str(file), partitions=1))
    with KafkaAdmin(services.kafka) as admin:
        admin.create(to.topic, 1, {"max.message.bytes": "4000"})
    assert services.feed(to).dead == 1
    assert [record["text"] for record in services.records(to)] == ["short", "also short"]
    [letter] = services.dead(to)
    assert (letter["reason"], letter["offset"]) == ("too_large", 1)
    assert json.loads(letter["value"])["text"] == texts[1]


@pytest.mark.services
def test_many_small_records_are_not_too_many_for_a_topic_of_small_batches(services: Services) -> None:
    to = target(Flaky(end=3_000, partitions=1))
    with KafkaAdmin(services.kafka) as admin:
        admin.create(to.topic, 1, {"max.message.bytes": "4000"})
    assert services.feed(to).records == 3_000


@pytest.mark.services
def test_a_schema_that_nobody_declared_is_the_newest_of_the_registry(services: Services) -> None:
    unit = {"name": "unit", "type": "string", "default": "K"}
    wider: dict[str, Any] = {**READING, "fields": [*READING["fields"], unit]}
    to = target(Flaky(end=2, partitions=1), schema=None)
    with Registry(services.registry) as registry:
        registry.register(to.subject, wider)
    services.feed(to)
    assert [record["unit"] for record in services.records(to)] == ["K", "K"]


@pytest.mark.services
def test_a_schema_is_inferred_once_there_is_a_record_to_infer_it_from(services: Services, tmp_path: Path) -> None:
    to = target(Files(f"{tmp_path}/*.jsonl", watch="10ms", partitions=1), schema=None)
    assert services.feed(to) == Fed(complete=True)
    stop, told, inferred = Event(), list[Fed](), list[dict[str, Any]]()
    feeding = services.feeding(to, stop, once=False)
    feeding.progress, feeding.inferred = told.append, inferred.append
    with services.thread(feeding) as running:
        (tmp_path / "a.jsonl").write_text('{"x": 1.5}\n')
        wait_until(lambda: bool(told))
        stop.set()
        assert running.result(60).records == 1
    [schema] = inferred
    assert schema["fields"] == [{"name": "x", "type": ["null", "double"], "default": None}]
    assert services.records(to) == [{"x": 1.5}]
