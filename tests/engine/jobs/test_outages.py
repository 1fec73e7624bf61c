"""Redis and Kafka away in the middle of a run: the job waits and goes on, nothing is lost and nothing doubled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from engine.flink.configuration import JobSettings
from engine.flink.rest import FlinkRest
from engine.local.platform import Platform
from tests.engine.jobs import plain_river
from tests.engine.jobs.readings import PARTITIONS, Feed, feed, released
from tests.engine.jobs.trial import Trial, begin, gone, suspended, workflow, workflow_of
from tests.waiting import wait_until

pytestmark = pytest.mark.services
OUTAGE_S = 30.0
KAFKAS_PATIENCE_S = 60.0
SETTLED_S = 5.0  # what was on its way has arrived
BURST = 8_000


@pytest.fixture
def stream(platform: Platform) -> Iterator[Feed]:
    with feed(platform) as stream:
        yield stream


@pytest.fixture
def trial(platform: Platform, stream: Feed) -> Trial:
    """A workflow that has learned something and has taken a checkpoint."""
    stream.write(BURST)
    trial = begin(platform, workflow(stream), JobSettings(checkpoint_every="2 s"))
    trial.wait_until_predicted(len(released(stream.written)))
    return trial


@pytest.mark.parametrize("away", [suspended, gone])
@pytest.mark.parametrize("service", ["redis", "kafka"])
def test_a_service_that_is_away_is_waited_for(
    platform: Platform,
    stream: Feed,
    trial: Trial,
    service: str,
    away: Callable[[Platform, str], AbstractContextManager[None]],
) -> None:
    learned = trial.progress().learned
    stream.write(3 * BURST)
    wait_until(lambda: trial.progress().learned > learned)
    with away(platform, service):
        if service != "kafka":
            stream.write(BURST)
        _wait(SETTLED_S)
        last = trial.newest_checkpoint()
        _wait(OUTAGE_S - SETTLED_S)
        # what has been learned can be committed nowhere: the outage has met the job at work
        assert trial.newest_checkpoint() == last
    stream.write(BURST)
    _ends_as_if_nothing_had_been(stream, trial)


def test_kafka_is_waited_for_longer_than_its_clients_wait_by_default(platform: Platform, stream: Feed) -> None:
    looks_often = {"partition.discovery.interval.ms": "5000"}
    stream.write(BURST)
    flow = workflow_of(replace(stream.source(), properties=looks_often))
    trial = begin(platform, flow, JobSettings(checkpoint_every="2 s"))
    trial.wait_until_predicted(len(released(stream.written)))
    with gone(platform, "kafka"):
        # where nothing waits to be written, the next checkpoint asks for a new transaction
        _wait(KAFKAS_PATIENCE_S + SETTLED_S)
    stream.write(BURST)
    _ends_as_if_nothing_had_been(stream, trial)


def _wait(seconds: float) -> None:
    over = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > over, 2 * seconds)


def _ends_as_if_nothing_had_been(stream: Feed, trial: Trial) -> None:
    trial.wait_until_predicted(len(released(stream.written)))
    assert trial.ask(FlinkRest.failures) == 0, trial.ask(FlinkRest.failure)
    trial.stop(drain=True)
    order = plain_river.in_event_time_order(stream.written, PARTITIONS)
    assert trial.numbers(order) == plain_river.predictions(stream.written[position] for position in order)
    [(card, _)] = trial.models()
    assert card.version.count == sum(reading["rain"] is not None for reading in stream.written)
