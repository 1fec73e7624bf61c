"""What the scoring API counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The metrics of one scoring API. Labels are names of published models, status codes and shards, never keys."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "headrace_requests_total", "requests for predictions, by status code", ["status"], registry=registry
        )
        self.seconds = Histogram(
            "headrace_request_seconds", "time to answer a request", buckets=_BUCKETS_S, registry=registry
        )
        self.predictions = Counter(
            "headrace_predictions_total", "predictions given, by model", ["model"], registry=registry
        )
        self.epoch = Gauge("headrace_model_epoch", "epoch of the version served", ["model", "shard"], registry=registry)
        self.count = Gauge(
            "headrace_model_records", "records learned by the version served", ["model", "shard"], registry=registry
        )
        self.learned_until = Gauge(
            "headrace_model_learned_until_timestamp_seconds",
            "event time that the version served has learned up to",
            ["model", "shard"],
            registry=registry,
        )
        self.swap_delay = Histogram(
            "headrace_swap_delay_seconds",
            "from the publishing of a version until it is served",
            buckets=_BUCKETS_S,
            registry=registry,
        )
        self.swaps = Counter("headrace_swaps_total", "versions taken into service", ["model"], registry=registry)
        self.refused = Counter(
            "headrace_refused_artifacts_total", "artifacts that could not be trusted or loaded", registry=registry
        )
        self.store_up = Gauge("headrace_store_up", "1 while models can be read from Redis", registry=registry)
