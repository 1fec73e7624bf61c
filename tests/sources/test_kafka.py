from __future__ import annotations

import kafka
import pytest

from engine.local.platform import Platform
from schemas.errors import Fatal, Retryable
from sources.kafka_admin import KafkaAdmin
from sources.kafka_reader import TopicReader
from sources.kafka_writer import TopicWriter
from tests.engine.jobs.trial import suspended


@pytest.mark.services
def test_a_key_goes_where_other_clients_would_send_it(platform: Platform) -> None:
    address, keys = platform.addresses.kafka, [f"N{number}".encode() for number in range(200)] + [b""]
    with KafkaAdmin(address) as admin:
        assert admin.create("keyed")
    with TopicWriter(address) as writer:
        for key in keys:
            writer.write("keyed", b"ours", key)
        writer.flush()
    other = kafka.KafkaProducer(bootstrap_servers=address)
    for key in keys:
        other.send("keyed", b"theirs", key)
    other.close()
    with TopicReader(address, "keyed") as reader:
        stored = list(reader.until_end())
    ours = {record.key: record.partition for record in stored if record.value == b"ours"}
    theirs = {record.key: record.partition for record in stored if record.value == b"theirs"}
    assert len(ours) == len(keys)
    assert ours == theirs


@pytest.mark.services
def test_flush_tells_of_a_record_that_the_broker_refused(platform: Platform) -> None:
    with KafkaAdmin(platform.addresses.kafka) as admin:
        admin.create("small", partitions=1, config={"max.message.bytes": "1000"})
    with TopicWriter(platform.addresses.kafka) as writer:
        writer.write("small", b"x" * 500)
        writer.flush()
        writer.write("small", b"x" * 5_000)
        with pytest.raises(Fatal, match="kafka"):
            writer.flush()


@pytest.mark.services
def test_a_topic_ends_after_its_last_record_though_transactions_have_ended(platform: Platform) -> None:
    address, topic = platform.addresses.kafka, "transactions"
    with KafkaAdmin(address) as admin:
        admin.create(topic, partitions=4)
        producer = kafka.KafkaProducer(bootstrap_servers=address, transactional_id=topic)
        producer.init_transactions()
        for records, partition, abort in ((3, 0, False), (2, 1, False), (50, 1, True), (1, 2, True)):
            producer.begin_transaction()
            for _ in range(records):
                producer.send(topic, value=b"x", partition=partition)
            producer.abort_transaction() if abort else producer.commit_transaction()
        producer.close()
        facts = admin.facts(topic)
        assert facts.end_offsets == {0: 3, 1: 2, 2: 0, 3: 0}
        assert facts.filled == [0, 1]
        assert admin.behind(topic, "nobody") == 5


@pytest.mark.services
def test_a_broker_that_goes_away_while_a_topic_is_read_is_named(platform: Platform) -> None:
    address, topic = platform.addresses.kafka, "interrupted"
    with KafkaAdmin(address) as admin:
        admin.create(topic, partitions=1)
    with TopicWriter(address) as writer:
        for _ in range(40):
            writer.write(topic, b"x" * 500_000)
        writer.flush()
    with TopicReader(address, topic, stalled_s=2) as reader:
        stored = reader.until_end()
        next(stored)
        with suspended(platform, "kafka"), pytest.raises(Retryable, match=f'kafka "{address}": has given nothing'):
            list(stored)
