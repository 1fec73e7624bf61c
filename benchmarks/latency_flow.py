"""The delays workflow as latency wants it: in the order of arrival, models published at most every 200 ms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.workflow import DataSink, Workflow
from sinks import ModelStore, Topic
from sources import KafkaTopic
from workflows import delays as shipped

ORIGINS = ("EWR", "JFK", "LGA")
ORIGIN_FEATURES = "origin_delays"


def latency_workflow(name: str, topic: str) -> Workflow:
    """The shipped workflow over `topic`, its model and its predictions under `name`."""
    flow = Workflow(name, order="arrival")
    source = flow.source("flights", KafkaTopic(topic, schema="flight", event_time="departed_at", lateness="10m"))
    features = flow.pipeline("features", source, shipped.features.stage.pipeline)
    model = flow.pipeline("model", features, shipped.classifier, label="late")
    for sink in (node for node in shipped.flow.nodes if isinstance(node, DataSink)):
        match sink.sink:
            case ModelStore():
                flow.sink(sink.name, model, replace(sink.sink, name=name, every="200ms"))
            case Topic():
                flow.sink(sink.name, model, Topic(f"{name}.predictions"))
            case store:
                flow.sink(sink.name, features, store)
    return flow


def departures(flights: Iterable[dict[str, Any]], start_ms: int) -> Iterator[dict[str, Any]]:
    """The flights as if one departed each millisecond, the first at `start_ms`: event times tell them apart."""
    start = datetime.fromtimestamp(start_ms / 1000, UTC)
    for number, flight in enumerate(flights):
        departed_at = start + timedelta(milliseconds=number)
        delay = timedelta(minutes=flight["dep_delay"] or 0.0)
        yield {**flight, "departed_at": departed_at, "scheduled_at": departed_at - delay}
