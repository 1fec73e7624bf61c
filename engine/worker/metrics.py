"""Prometheus metrics of the learning workers; Flink's own gauges from Python hold only whole numbers."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable
from contextlib import ExitStack
from time import time
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server

from models.outcome import Outcome, Rejection
from models.shard import Shard
from schemas.version import Version

PORTS = 16
_BATCH_BUCKETS = (1, 10, 100, 500, 1_000, 2_000, 5_000, 10_000)
_LAG_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300)


class WorkerMetrics:
    """The metrics of a worker of one part; labels are its author's names, reasons, actions and shards."""

    def __init__(self, workflow: str, stream: str, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._open = ExitStack()
        self._of = (workflow, stream)
        self.records = self._counter("headrace_records_total", "records taken in")
        self.learned = self._counter("headrace_learned_records_total", "records learned from")
        self.compiled = self._counter("headrace_compiled_records_total", "records taken in by compiled twins")
        self.dead = self._counter("headrace_dead_letters_total", "records refused", "reason")
        self.filtered = self._counter("headrace_filtered_total", "records that a node was to drop", "node")
        self.broken = self._counter(
            "headrace_rules_broken_total", "records that broke a rule", "node", "rule", "action"
        )
        self.again = self._counter("headrace_redriven_records_total", "dead letters that were sent again, taken in")
        self.replayed = self._counter("headrace_replayed_frames_total", "frames learned again from a shard's log")
        self.feature_rows = self._counter("headrace_feature_rows_total", "feature rows that Redis took")
        self.waits = self._counter("headrace_waits_total", "times a service was away and was waited for", "service")
        self.batch = self._histogram("headrace_frame_records", "records in a frame", _BATCH_BUCKETS)
        self.lag = self._histogram("headrace_lag_seconds", "from a frame's newest arrival to its results", _LAG_BUCKETS)
        self.delay = self._histogram("headrace_publish_delay_seconds", "from arrival to published", _LAG_BUCKETS)
        self.epoch = self._gauge("headrace_model_epoch", "epoch of the published version", "model", "shard")
        self.count = self._gauge(
            "headrace_model_records", "records that the published version has learned", "model", "shard"
        )
        self.until = self._gauge("headrace_learned_until_timestamp_seconds", "event time learned up to", "shard")
        self.quality = self._gauge(
            "headrace_prequential", "prequential metrics, over all, sliding and fading", "shard", "metric"
        )

    def refused(self, refused: Iterable[tuple[int, Rejection]]) -> None:
        """Count the results that sinks have refused: each is a dead letter, although its record was learned."""
        for reason, count in Tally(rejection.error.reason for _, rejection in refused).items():
            self.dead.labels(*self._of, reason).inc(count)

    def frame(self, number: int, outcome: Outcome, shard: Shard, newest_arrival_ms: int) -> None:
        """Count what came out of a frame; its newest record came to Kafka at `newest_arrival_ms`."""
        self.lag.labels(*self._of).observe(max(0.0, time() - newest_arrival_ms / 1000))
        self.records.labels(*self._of).inc(len(outcome.predictions))
        self.learned.labels(*self._of).inc(outcome.learned)
        self.compiled.labels(*self._of).inc(len(outcome.predictions) if shard.is_in_columns else 0)
        self.batch.labels(*self._of).observe(len(outcome.predictions))
        for reason, count in Tally(rejection.error.reason for rejection in outcome.rejected.values()).items():
            self.dead.labels(*self._of, reason).inc(count)
        for node, count in Tally(node for _, node in outcome.filtered).items():
            self.filtered.labels(*self._of, node).inc(count)
        for (node, rule, action), count in outcome.rules_broken().items():
            self.broken.labels(*self._of, node, rule, action).inc(count)
        if shard.learned:
            self.until.labels(*self._of, str(number)).set(shard.learned_until / 1000)
        if shard.metrics:
            for name, value in {"judged": shard.metrics.count, **shard.metrics.as_dict()}.items():
                self.quality.labels(*self._of, str(number), name).set(value)

    def redriven(self, count: int) -> None:
        self.again.labels(*self._of).inc(count)

    def restored(self, replayed: int) -> None:
        """Note that a shard was opened, and how many frames of its log were replayed for that."""
        self.replayed.labels(*self._of).inc(replayed)

    def rows(self, stored: int) -> None:
        self.feature_rows.labels(*self._of).inc(stored)

    def waited(self, service: str) -> None:
        self.waits.labels(*self._of, service).inc()

    def published(self, model: str, number: int, version: Version, newest_arrival_ms: int) -> None:
        """Note that a model was published which has learned from records up to the one that came at that time."""
        self.delay.labels(*self._of).observe(max(0.0, time() - newest_arrival_ms / 1000))
        self.epoch.labels(*self._of, model, str(number)).set(version.epoch)
        self.count.labels(*self._of, model, str(number)).set(version.count)

    def text(self) -> str:
        """All metrics as they are now, in Prometheus' text format."""
        return generate_latest(self.registry).decode()

    def serve(self, host: str, port: int) -> int:
        """Answer scrapes at `port`, or the next free one after it: workers of one machine share the range.

        Port 0 is any free one.
        """
        server = self._listen(host, port)
        self._open.callback(server.server_close)
        self._open.callback(server.shutdown)
        return int(server.server_port)

    def close(self) -> None:
        """Answer no more."""
        self._open.close()

    def _listen(self, host: str, port: int) -> WSGIServer:
        for candidate in range(port, port + PORTS) if port else ():
            try:
                return start_http_server(candidate, host, self.registry)[0]
            except OSError:
                continue  # another worker has it
        return start_http_server(0, host, self.registry)[0]

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, ("workflow", "stream", *labels), registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, ("workflow", "stream", *labels), registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, ("workflow", "stream"), buckets=buckets, registry=self.registry)
