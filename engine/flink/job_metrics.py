"""What Flink knows of a job, as metrics: asked of it whenever Prometheus asks."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from engine.flink.rest import FlinkRest, Job
from schemas.errors import Fatal, Retryable

TIMEOUT_S = 1.0
Values = Mapping[tuple[str, ...], float]
"""By the labels after that of the workflow."""


class JobMetric(Collector):
    """A metric of a workflow's job; it has no values while Flink is away. Every worker of a job tells the same."""

    name: ClassVar[str]
    said: ClassVar[str]
    labels: ClassVar[Sequence[str]] = ()

    def __init__(self, workflow: str, flink: str) -> None:
        self._workflow = workflow
        self._rest = FlinkRest(flink, TIMEOUT_S)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(self.name, self.said, labels=["workflow", *self.labels])

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for family in self.describe():
            for labels, value in self._values().items():
                family.add_metric([self._workflow, *labels], value)
            yield family

    def close(self) -> None:
        self._rest.close()

    @abstractmethod
    def ask(self, rest: FlinkRest, job: Job) -> Values:
        """The values for the newest job of the workflow. Raises Retryable, Fatal."""

    def _values(self) -> Values:
        try:
            job = next((job for job in self._rest.jobs() if job.name == self._workflow), None)
            return self.ask(self._rest, job) if job else {}
        except (Retryable, Fatal):
            return {}


class CheckpointAge(JobMetric):
    """How old the last completed checkpoint is; none before the first."""

    name = "headrace_checkpoint_age_seconds"
    said = "since the last completed checkpoint"

    def ask(self, rest: FlinkRest, job: Job) -> Values:
        completed = rest.checkpoints(job.id)["latest"]["completed"] if job.is_live else None
        return {(): max(0.0, time.time() - completed["latest_ack_timestamp"] / 1000)} if completed else {}


class LeftOut(JobMetric):
    """How many records the whole job has left out, by gate; for a job that is bounded to a range of event times."""

    name = "headrace_left_out_records"
    said = "records outside of the range of event times that the job is bounded to"
    labels = ("gate",)

    def ask(self, rest: FlinkRest, job: Job) -> Values:
        return {(gate,): count for gate, count in rest.left_out(job.id).items()}
