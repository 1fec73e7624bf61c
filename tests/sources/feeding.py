"""Feeders on the real services: fed in this process or in one that may be killed, and what they left behind."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from threading import Event
from typing import Any
from uuid import uuid4

import kafka

from engine.feeding import Fed, Feeding, Target
from engine.local.platform import Platform
from schemas.codec import Decoder, Encoder
from schemas.registry import Registry
from schemas.wire import dead_letter_schema
from sources.feeder import Feeder
from sources.kafka_admin import KafkaAdmin
from sources.kafka_reader import TopicReader
from tests.sources.cases import READING


def target(feeder: Feeder, schema: dict[str, Any] | None = READING) -> Target:
    """A topic of its own."""
    return Target("demo", "readings", f"fed_{uuid4().hex[:8]}", feeder, schema)


@dataclass(frozen=True)
class Services:
    """The services that a feeder needs."""

    kafka: str
    registry: str

    @classmethod
    def of(cls, platform: Platform) -> Services:
        return cls(platform.addresses.kafka, platform.addresses.registry)

    def feeding(self, to: Target, stop: Event | None = None, *, once: bool = True) -> Feeding:
        """A feeder of the target that has yet to be run."""
        return Feeding(to, self.kafka, self.registry, stop=stop, once=once)

    def feed(self, to: Target) -> Fed:
        """Feed all that is there for now."""
        return self.feeding(to).run()

    @contextmanager
    def thread(self, feeding: Feeding) -> Iterator[Future[Fed]]:
        """Feed beside what the test does."""
        with ThreadPoolExecutor(1) as threads:
            yield threads.submit(feeding.run)

    @contextmanager
    def process(self, to: Target) -> Iterator[BaseProcess]:
        """A process that feeds, killed at the end if it still runs."""
        process = multiprocessing.get_context("spawn").Process(target=_feed, args=(to, self))
        process.start()
        try:
            yield process
        finally:
            process.kill()
            process.join()

    def records(self, to: Target) -> list[dict[str, Any]]:
        """The committed records of the topic, partition by partition, in their order."""
        with Registry(self.registry) as registry, TopicReader(self.kafka, to.topic) as reader:
            decoder = Decoder(registry.latest(to.subject).schema, registry.schema)
            stored = sorted(reader.until_end(), key=lambda record: (record.partition, record.offset))
            return [decoder.decode(record.value) for record in stored]

    def sizes(self, to: Target, records: list[dict[str, Any]]) -> list[int]:
        """The size of each of these records in the topic, in bytes."""
        assert to.schema is not None
        encoder = Encoder(to.schema, 1)
        return [len(encoder.encode(record)) for record in records]

    def dead(self, to: Target) -> list[dict[str, Any]]:
        """The committed dead letters."""
        with Registry(self.registry) as registry, TopicReader(self.kafka, to.dead) as reader:
            decoder = Decoder(dead_letter_schema(), registry.schema)
            return [decoder.decode(record.value) for record in reader.until_end()]

    @contextmanager
    def watching(self, to: Target) -> Iterator[Callable[[], int]]:
        """What says, within milliseconds, how many records and markers are in the topic, committed or not."""
        with KafkaAdmin(self.kafka) as admin:
            admin.create(to.topic, to.feeder.partitions)
        consumer = kafka.KafkaConsumer(bootstrap_servers=self.kafka)
        partitions = [kafka.TopicPartition(to.topic, at) for at in consumer.partitions_for_topic(to.topic)]
        try:
            yield lambda: sum(consumer.end_offsets(partitions).values())
        finally:
            consumer.close()


def _feed(to: Target, services: Services) -> None:
    services.feed(to)
