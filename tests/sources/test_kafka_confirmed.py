from __future__ import annotations

from pathlib import Path

import pytest

from engine.local.platform import Platform
from schemas.errors import BadRecord, Retryable
from sources.kafka_admin import KafkaAdmin, TopicRules
from sources.kafka_confirmed import ConfirmedWriter
from sources.kafka_reader import TopicReader
from tests.engine.jobs.trial import suspended
from tests.kafka_sockets import leave_to_the_collector
from tests.sources.secured import secured_broker
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.services


def test_each_record_has_its_answer(platform: Platform) -> None:
    address, topic = platform.addresses.kafka, "confirmed"
    with KafkaAdmin(address) as admin:
        admin.create(topic, partitions=1, config={"max.message.bytes": "1000"})
        assert admin.rules(topic) == TopicRules(1_000)
    writer = ConfirmedWriter(address, timeout_s=30)
    assert writer.write(topic, []).result() == {}
    assert writer.write(topic, [(b"k", bytes([n] * 500)) for n in range(10)]).result() == {}
    errors = writer.write(topic, [(None, b"y" * 5_000)]).result()
    assert isinstance(errors[0], BadRecord)
    writer.abandon()
    with TopicReader(address, topic) as reader:
        assert [record.value for record in reader.until_end()] == [bytes([n] * 500) for n in range(10)]


def test_what_is_abandoned_fails_at_once(platform: Platform) -> None:
    address, topic = platform.addresses.kafka, "abandoned"
    with KafkaAdmin(address) as admin:
        admin.create(topic, partitions=1)
    writer = ConfirmedWriter(address, timeout_s=600)
    assert writer.write(topic, [(None, b"acknowledged")]).result() == {}
    with suspended(platform, "kafka"):
        written = writer.write(topic, [(None, b"on its way"), (None, b"too")])
        writer.abandon()
        assert [type(error) for error in written.result().values()] == [Retryable, Retryable]
        assert [type(error) for error in writer.write(topic, [(None, b"later")]).result().values()] == [Retryable]


def test_what_is_not_acknowledged_in_time_is_given_up(platform: Platform) -> None:
    address, topic = platform.addresses.kafka, "given_up"
    with KafkaAdmin(address) as admin:
        admin.create(topic, partitions=1)
    writer = ConfirmedWriter(address, timeout_s=2)
    assert writer.write(topic, [(None, b"acknowledged")]).result() == {}
    with suspended(platform, "kafka"):
        errors = writer.write(topic, [(None, b"late")]).result(timeout=PATIENCE_S)
    assert isinstance(errors[0], Retryable)
    writer.abandon()


def test_a_broker_that_asks_who_writes_is_told(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with secured_broker(tmp_path) as servers:
        leave_to_the_collector(request.config, servers)
        with KafkaAdmin(servers) as admin:
            admin.create("confirmed", partitions=1)
        with ConfirmedWriter(servers, timeout_s=30) as writer:
            assert writer.write("confirmed", [(None, b"hello")]).result() == {}
