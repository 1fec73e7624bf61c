"""What a job talks to, as it was at submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Offsets = Mapping[int, int]  # by partition
# for so long Kafka may be away before a job starts again, and a transaction stay open: by themselves its clients wait a
# minute or two, and the broker ends transactions after 15 minutes
KAFKA_PATIENCE_MS = 10 * 60 * 1000


@dataclass(frozen=True)
class Stretch:
    """What a source reads of one topic.

    `begins` and `ends` are where the records began and ended at submission; `starts` is where reading starts, and
    `stops` where it ends even in a run that goes on; None for at the begin, and for never.
    """

    begins: Offsets
    ends: Offsets
    starts: Offsets | None = None
    stops: Offsets | None = None


@dataclass(frozen=True)
class Cluster:
    """Addresses of Kafka and the registry, what is read by source and topic, the largest record to be written.

    `redrive_from` is where a fresh start begins to read dead letters that were sent again.
    """

    kafka: str
    registry: str
    stretches: Mapping[str, Mapping[str, Stretch]]
    max_request_bytes: int
    redrive_from: Offsets
