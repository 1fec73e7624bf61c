"""A tumbling window or an as-of join in Quix Streams: exactly once, the results taken by a function."""

from __future__ import annotations

import os
import tempfile
import uuid
from datetime import timedelta
from functools import partial
from typing import Any

from event import decoded
from quixstreams import Application
from quixstreams.dataframe.windows.aggregations import Count, Mean
from stream import BROKER, RECORDS, TOPIC, Span

LEVELS = os.environ.get("BENCH_LEVELS")
LATENESS_MS = 10_000
span = Span(RECORDS * 2 if LEVELS else RECORDS)


def counted(kind: str, value: bytes) -> dict[str, Any]:
    span.begin()
    record: dict[str, Any] = decoded(kind, value)
    del record["at"]  # its state takes no datetime, and it goes by the timestamp, which is the same
    span.end()
    if span.is_over:
        app.stop()
    return record


def frame_of(topic: str, kind: str) -> Any:
    source = app.topic(topic, value_deserializer="bytes", key_deserializer="str")
    return app.dataframe(source).apply(partial(counted, kind))


with tempfile.TemporaryDirectory() as folder:
    app = Application(
        broker_address=BROKER,
        consumer_group=uuid.uuid4().hex,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        state_dir=folder,
        loglevel="WARNING",
    )
    readings = frame_of(TOPIC, "reading")
    if LEVELS:
        levels = frame_of(LEVELS, "level")
        result = readings.join_asof(levels, how="left", on_merge="keep-left", grace_ms=timedelta(hours=1))
    else:
        window = readings.tumbling_window(timedelta(hours=1), grace_ms=LATENESS_MS)
        result = window.agg(seen=Count(), mean_delay=Mean("delay")).final()
    result.apply(lambda value: value)
    app.run()
