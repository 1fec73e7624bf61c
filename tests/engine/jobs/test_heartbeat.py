"""A slow side that promises a record an hour holds up the others until the next one, and no longer."""

from __future__ import annotations

import pytest

from engine.connectors import Union
from engine.local.platform import Platform
from engine.workflow import Workflow
from sinks import Topic
from sources import KafkaTopic
from tests.engine.jobs.readings import FIRST_AT, feed, readings
from tests.engine.jobs.trial import LIVE, begin, classifier, fresh_name

pytestmark = pytest.mark.services
MINUTE, HOUR = 60_000, 3_600_000


def test_an_hourly_topic_is_waited_for_once_an_hour(platform: Platform) -> None:
    with feed(platform) as quick, feed(platform) as hourly:
        flow = Workflow(fresh_name(), order="event_time")
        sources = [
            flow.source("quick", KafkaTopic(quick.topic, event_time="at", idle="2s")),
            flow.source("hourly", KafkaTopic(hourly.topic, event_time="at", idle="2s", heartbeat="1h")),
        ]
        model = flow.pipeline("model", flow.connect("both", Union(*sources)), classifier(), label="rain")
        flow.sink("predictions", model, Topic(f"{flow.name}.predictions"))
        [first, second, *others] = readings(122)
        hourly.pour([{**first, "at": FIRST_AT}])
        quick.pour({**record, "at": FIRST_AT + MINUTE * (n + 1)} for n, record in enumerate(others[:119]))
        trial = begin(platform, flow, LIVE)
        trial.wait_until_predicted(1 + 59)  # all before the next hour, with nothing new on the slow side
        trial.wait_until_read()
        hourly.pour([{**second, "at": FIRST_AT + HOUR}])
        trial.wait_until_predicted(2 + 119)
        trial.stop()
    told = trial.committed(f"{trial.name}.predictions")
    in_order = sorted(told, key=lambda record: (record["event_time"], record["offset"]))
    assert len({record["event_time"] for record in told}) == 120
    assert [record["count"] for record in in_order] == sorted(record["count"] for record in told)
