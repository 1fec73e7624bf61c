"""Redis and Kafka away in the middle of a run: the job waits and goes on, nothing is lost and nothing doubled."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from engine.flink.configuration import JobSettings
from engine.flink.rest import FlinkRest
from engine.local.platform import Platform
from engine.probes import why_not_ready
from tests.engine.jobs import plain_river
from tests.engine.jobs.readings import PARTITIONS, Feed, feed, released
from tests.engine.jobs.trial import PATIENCE_S, Trial, begin, kill, suspended, workflow
from tests.waiting import wait_until

pytestmark = pytest.mark.services
OUTAGE_S = 30.0
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
    trial.wait_until_predicted(released(stream.written))
    return trial


@pytest.mark.parametrize("service", ["redis", "kafka"])
def test_a_service_that_stands_still_is_waited_for(
    platform: Platform, stream: Feed, trial: Trial, service: str
) -> None:
    learned = trial.progress().learned
    stream.write(BURST)
    wait_until(lambda: trial.progress().learned > learned)
    over = time.monotonic() + OUTAGE_S
    with suspended(platform, service):
        wait_until(lambda: time.monotonic() > over, 2 * OUTAGE_S)
    stream.write(BURST)
    _ends_as_if_nothing_had_been(stream, trial)


@pytest.mark.parametrize("service", ["redis", "kafka"])
def test_a_service_that_is_killed_and_restarted_is_waited_for(
    platform: Platform, stream: Feed, trial: Trial, service: str
) -> None:
    learned = trial.progress().learned
    stream.write(BURST)
    wait_until(lambda: trial.progress().learned > learned)
    kill(platform, service)
    wait_until(lambda: why_not_ready(service, getattr(platform.addresses, service)) is None, PATIENCE_S)
    stream.write(BURST)
    _ends_as_if_nothing_had_been(stream, trial)


def _ends_as_if_nothing_had_been(stream: Feed, trial: Trial) -> None:
    trial.wait_until_predicted(released(stream.written))
    assert trial.ask(FlinkRest.failures) == 0
    trial.stop(drain=True)
    order = plain_river.in_event_time_order(stream.written, PARTITIONS)
    assert trial.numbers(order) == plain_river.predictions(stream.written[position] for position in order)
    [(card, _)] = trial.models()
    assert card.version.count == sum(reading["rain"] is not None for reading in stream.written)
