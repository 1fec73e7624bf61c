"""Feeds payloads to a running workflow and holds what becomes of each to what has to."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any
from uuid import uuid4

from river import compose, linear_model

from engine.flink.configuration import JobSettings
from engine.local.platform import Platform
from engine.workflow import Workflow
from schemas.registry import Registry
from sinks import Topic
from sources import KafkaTopic
from sources.kafka_admin import KafkaAdmin
from sources.kafka_reader import TopicReader
from sources.kafka_writer import TopicWriter
from tests.engine.jobs.trial import begin
from tests.fuzz.fate import GOOD, Fates
from tests.fuzz.payloads import SCHEMAS, Payloads
from tests.waiting import wait_until

PARTITIONS = 4
LATENESS_MS, MAX_AHEAD_MS = 60_000, 60_000
PATIENCE_S = 1_800.0


def tame(record: dict[str, Any]) -> dict[str, float]:
    """A feature that no payload can make large."""
    return {"x": math.tanh(record["x"])}


def fuzz(platform: Platform, name: str, count: int, seed: int, tell: Callable[[str], object] = str) -> Counter[str]:
    """Write `count` payloads of a schema, and count the fates of all; each must be the one that it has to be."""
    topic = f"fuzz_{uuid4().hex[:8]}"
    addresses = platform.addresses
    with KafkaAdmin(addresses.kafka) as admin:
        admin.create(topic, PARTITIONS)
    with Registry(addresses.registry) as registry:
        ids = {other: registry.register(f"{topic}-{other}", schema) for other, schema in SCHEMAS.items()}
        registry.register(f"{topic}-value", SCHEMAS[name])
    trial = begin(platform, _workflow(topic), JobSettings())
    with TopicWriter(addresses.kafka) as writer:
        payloads = Payloads(name, ids, PARTITIONS, seed, int(time.time() * 1000) - count)
        for payload in islice(payloads, count):
            writer.write(topic, payload.value, b"key", payload.partition)
        writer.flush()
    tell(f"{name}: {count:,} payloads written")
    expected = _expected(platform, topic, Fates(name, ids, LATENESS_MS, MAX_AHEAD_MS))
    assert len(expected) == count
    wait_until(lambda: trial.progress().records >= count, PATIENCE_S)
    assert trial.state() == "RUNNING"
    trial.stop()
    found = {place: letter["reason"] for place, letter in trial.dead().items()}
    predicted = trial.predictions()
    assert found.keys().isdisjoint(predicted)
    found |= dict.fromkeys(predicted, GOOD)
    wrong = {place: (fate, found.get(place)) for place, fate in expected.items() if found.get(place) != fate}
    assert not wrong, list(wrong.items())[:10]
    assert len(found) == count
    return Counter(found.values())


def _workflow(topic: str) -> Workflow:
    flow = Workflow(topic, max_dead="100%")
    source = KafkaTopic(topic, event_time="at", lateness=f"{LATENESS_MS}ms", max_ahead=f"{MAX_AHEAD_MS}ms")
    model = compose.FuncTransformer(tame) | linear_model.LogisticRegression()
    learner = flow.pipeline("model", flow.source("payloads", source), model, label="rain")
    flow.sink("predictions", learner, Topic(f"{topic}.predictions"))
    return flow


def _expected(platform: Platform, topic: str, fates: Fates) -> dict[tuple[int, int], str]:
    """The fate of each record that stands in the topic; its arrival is what Kafka says."""
    with TopicReader(platform.addresses.kafka, topic) as reader:
        return {
            (record.partition, record.offset): fates.of(record.partition, record.value, record.timestamp)
            for record in reader.until_end()
        }
