"""What the ingest service counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The metrics of one ingest service. Labels are topics with a schema, outcomes and status codes, never keys."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        ProcessCollector(registry=registry)
        self.records = Counter(
            "headrace_ingest_records_total",
            "records by topic, and by outcome: accepted, rejected, unacknowledged",
            ["topic", "outcome"],
            registry=registry,
        )
        self.requests = Counter(
            "headrace_ingest_requests_total", "requests to write records, by status code", ["status"], registry=registry
        )
        self.seconds = Histogram(
            "headrace_ingest_request_seconds",
            "time to answer a request to write records",
            buckets=_BUCKETS_S,
            registry=registry,
        )
        self.requests_in_flight = Gauge(
            "headrace_ingest_in_flight_requests", "requests that have no answer yet", registry=registry
        )
        self.held_bytes = Gauge(
            "headrace_ingest_held_bytes", "bytes read that kafka has not acknowledged", registry=registry
        )
