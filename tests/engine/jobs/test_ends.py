"""Where a topic ends for a job: after the records that were committed to it when the job was submitted."""

from __future__ import annotations

from dataclasses import replace

import kafka
import pytest

from engine.flink import gateway
from engine.flink.job import build, submit
from engine.jobs.preparation import prepare, resolve
from engine.jobs.running import Started
from engine.local.platform import Platform
from engine.settings import Settings
from tests.engine.jobs.readings import LATENESS_MS, Feed, feed, readings
from tests.engine.jobs.trial import EACH_SECOND, Trial, begin, workflow

pytestmark = pytest.mark.services


def test_a_bounded_run_ends_where_the_topic_ended_at_submission(platform: Platform) -> None:
    with feed(platform) as stream:
        for position, reading in enumerate(readings(300)):
            stream.put(stream.encoder.encode(reading), position % 3)  # and nothing to the last partition
        stream.writer.flush()
        trial = _submitted_before_more_is_written(platform, stream)
        trial.wait_until_ended()
        assert len(trial.predictions()) == 300


def _submitted_before_more_is_written(platform: Platform, stream: Feed) -> Trial:
    settings, addresses = Settings.load(home=platform.home), platform.addresses
    plan = resolve(workflow(stream), addresses.registry, platform.home)
    prepared = prepare(plan, addresses, settings, 0)
    stream.write(100)
    gateway.prepare(platform.home)
    job = build(prepared.spec, prepared.cluster, replace(EACH_SECOND, bounded=True), addresses.flink)
    return Trial(platform, Started(submit(job, plan.workflow), plan, 0, None))


def test_a_partition_that_ends_with_a_transaction_holds_up_nobody_once_it_is_quiet(platform: Platform) -> None:
    with feed(platform) as stream:
        producer = kafka.KafkaProducer(
            bootstrap_servers=platform.addresses.kafka, transactional_id=stream.topic, linger_ms=5
        )
        producer.init_transactions()
        producer.begin_transaction()
        for position, reading in enumerate(readings(400)):
            producer.send(stream.topic, value=stream.encoder.encode(reading), partition=position % 4)
        producer.commit_transaction()
        trial = begin(platform, workflow(stream, idle="2s"), EACH_SECOND)
        producer.begin_transaction()
        later = [{**reading, "at": reading["at"] + 10 * LATENESS_MS} for reading in readings(300)]
        for position, reading in enumerate(later):
            producer.send(stream.topic, value=stream.encoder.encode(reading), partition=position % 3)
        producer.commit_transaction()
        producer.close()
        trial.wait_until_predicted(400 + 100)  # far beyond the end of the last partition
        trial.stop()
