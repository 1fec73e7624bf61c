"""What a job talks to, as it was at submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cluster:
    """Addresses of Kafka and the registry, end offsets by topic and partition, the largest record to be written."""

    kafka: str
    registry: str
    end_offsets: Mapping[str, Mapping[int, int]]
    max_request_bytes: int
