"""A tumbling or a session window in Bytewax: at least once, with its recovery store, results into a list."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators import windowing
from bytewax.testing import TestingSink
from event import decoded
from stream import BROKER, TOPIC, Span

SESSIONS = os.environ["BENCH_WINDOW"] == "session"
LATENESS = timedelta(seconds=10)
span = Span()


def keyed(message: Any) -> tuple[str, dict[str, Any]]:
    span.begin()
    record = decoded("reading", message.value)
    return record["visitor" if SESSIONS else "origin"], record


def added(sums: tuple[int, float], record: dict[str, Any]) -> tuple[int, float]:
    span.end()
    return sums[0] + 1, sums[1] + record["delay"]


def merged(one: tuple[int, float], other: tuple[int, float]) -> tuple[int, float]:
    return one[0] + other[0], one[1] + other[1]


flow = Dataflow("bench_windows")
readings = op.input("readings", flow, KafkaSource([BROKER], [TOPIC], tail=False, batch_size=1000))
by_key = op.map("decode", readings, keyed)
# in a replay no window closes because a system time has come: without this it looks at every window all the time
clock = windowing.EventClock(lambda record: record["at"], LATENESS, to_system_utc=lambda _: None)
windower: Any = (
    windowing.SessionWindower(timedelta(minutes=30))
    if SESSIONS
    else windowing.TumblingWindower(timedelta(hours=1), datetime(2023, 1, 1, tzinfo=UTC))
)
windows = windowing.fold_window("windows", by_key, clock, windower, lambda: (0, 0.0), added, merged)
means = op.map("mean", windows.down, lambda found: (found[0], found[1][1][0], found[1][1][1] / found[1][1][0]))
taken: list[Any] = []
op.output("taken", means, TestingSink(taken))
