"""Everything that a worker needs to know, as one value that travels with the job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.plan import Plan


@dataclass(frozen=True)
class WorkerSpec:
    """A plan and where its services are.

    `generation` is that of the features written; `known` are the writer schemas that are known at submission, by stream
    and id; `output_ids` the schema ids of the plan's topics, in their order. `metrics_port` 0 means any free one,
    written to a file in `metrics_folder`. `compiled` lets pipelines go by their compiled twins.
    """

    plan: Plan
    generation: int
    known: Mapping[str, Mapping[int, dict[str, Any]]]
    output_ids: tuple[int, ...]
    registry: str
    redis: str
    signing_key: str
    production: bool = False
    archive: str | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    metrics_folder: str | None = None
    flink: str | None = None
    compiled: bool = True
