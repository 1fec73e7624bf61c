"""How old the last completed checkpoint of a job is, asked of Flink whenever Prometheus asks."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from engine.flink.rest import FlinkRest
from schemas.errors import Fatal, Retryable

TIMEOUT_S = 1.0


class CheckpointAge(Collector):
    """The metric `headrace_checkpoint_age_seconds`; none before the first checkpoint, and while Flink is away."""

    def __init__(self, workflow: str, flink: str) -> None:
        self._workflow = workflow
        self._rest = FlinkRest(flink, TIMEOUT_S)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield self._family()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = self._family()
        completed_ms = self._completed_ms()
        if completed_ms is not None:
            family.add_metric([self._workflow], max(0.0, time.time() - completed_ms / 1000))
        yield family

    def _completed_ms(self) -> int | None:
        try:
            job = self._rest.live(self._workflow)
            completed = self._rest.checkpoints(job.id)["latest"]["completed"] if job else None
        except (Retryable, Fatal):
            return None
        return int(completed["latest_ack_timestamp"]) if completed else None

    @staticmethod
    def _family() -> GaugeMetricFamily:
        name = "headrace_checkpoint_age_seconds"
        return GaugeMetricFamily(name, "since the last completed checkpoint", labels=["workflow"])
