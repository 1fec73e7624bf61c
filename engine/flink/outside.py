"""What a job reads from and writes to: Kafka, or what stands in its place in a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from engine.flink.cluster import Cluster
from engine.flink.configuration import JobSettings
from engine.flink.outputs import write_outputs
from engine.flink.streams import kafka_source, progress_of, read_table, read_topic
from engine.plan import Plan, PlannedSource, Reading


class Outside(Protocol):
    """Where a job's records come from, and where they go."""

    def read(self, environment: Any, source: PlannedSource, contract: Any) -> Any:
        """The blocks of a source."""

    def write(self, plan: Plan, records: Mapping[str, Any]) -> None:
        """Take what the parts of a plan give, by their names."""


@dataclass(frozen=True)
class Kafka:
    """The topics of a cluster, and files."""

    workflow: str
    cluster: Cluster
    settings: JobSettings

    def read(self, environment: Any, source: PlannedSource, contract: Any) -> Any:
        if source.reading is not Reading.STREAM:
            return read_table(environment, self.workflow, source, contract, self.cluster, self.settings)
        progress = progress_of(source, self.cluster)
        records = kafka_source(self.workflow, source, contract, progress, self.cluster, self.settings)
        return read_topic(environment, source, records, progress, self.settings)

    def write(self, plan: Plan, records: Mapping[str, Any]) -> None:
        write_outputs(plan, records, self.cluster)
