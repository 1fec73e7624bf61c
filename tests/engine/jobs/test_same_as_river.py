"""In event-time order every prediction is that of a plain river loop, to the last bit."""

from __future__ import annotations

from typing import Literal

import pytest

from engine.flink.configuration import JobSettings
from engine.local.platform import Platform
from tests.engine.jobs import plain_river
from tests.engine.jobs.readings import PARTITIONS, feed
from tests.engine.jobs.trial import finish, workflow

pytestmark = pytest.mark.services


@pytest.mark.parametrize("mode", ["process", "thread"])
def test_every_prediction_is_that_of_a_plain_river_loop(platform: Platform, mode: Literal["process", "thread"]) -> None:
    with feed(platform) as stream:
        stream.write(20_000)
        trial = finish(platform, workflow(stream), JobSettings(parallelism=1, mode=mode, bounded=True))
    order = plain_river.in_event_time_order(stream.written, PARTITIONS)
    assert trial.numbers(order) == plain_river.predictions(stream.written[position] for position in order)
