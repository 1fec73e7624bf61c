"""How many records a job has left out, asked of Flink whenever Prometheus asks."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from engine.flink.rest import FlinkRest
from schemas.errors import Fatal, Retryable

TIMEOUT_S = 1.0


class LeftOut(Collector):
    """The metric `headrace_left_out_records`, by gate; none for a job without a range, and while Flink is away.

    Every worker of a job tells the same number, that of the whole job.
    """

    def __init__(self, workflow: str, flink: str) -> None:
        self._workflow = workflow
        self._rest = FlinkRest(flink, TIMEOUT_S)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield self._family()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = self._family()
        for gate, count in self._counts().items():
            family.add_metric([self._workflow, gate], count)
        yield family

    def close(self) -> None:
        self._rest.close()

    def _counts(self) -> dict[str, int]:
        try:
            job = next((job for job in self._rest.jobs() if job.name == self._workflow), None)
            return self._rest.left_out(job.id) if job else {}
        except (Retryable, Fatal):
            return {}

    @staticmethod
    def _family() -> GaugeMetricFamily:
        said = "records outside of the range of event times that the job is bounded to"
        return GaugeMetricFamily("headrace_left_out_records", said, labels=["workflow", "gate"])
