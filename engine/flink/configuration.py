"""How a job runs on Flink, as Flink's own settings."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from engine.flink.event_range import ALL, EventRange
from schemas.errors import Fatal

MAX_PARALLELISM = 128


@dataclass(frozen=True)
class JobSettings:
    """What the submitter of a job may choose; durations as Flink writes them.

    `bounded` ends the job at the end offsets that the topics have at submission; `event_range` leaves out the records
    outside of it, in a bounded job that reads its topics from their begin. `backfill` reads them from their begin, too,
    and goes on. `restore` is a savepoint or checkpoint to start from. `files` are Python files and folders that the
    workers need. A frame holds what has come within `linger_ms`, or in a longer time while those behind are busy, but
    at most `frame_records`, and fewer where learning is slow.
    """

    parallelism: int = 1
    mode: Literal["process", "thread"] = "process"
    checkpoint_every: str = "3 s"
    checkpoints: str | None = None
    linger_ms: int = 5
    frame_records: int = 8_000
    bounded: bool = False
    event_range: EventRange = ALL
    backfill: bool = False
    restore: str | None = None
    files: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.backfill and self.bounded:
            raise Fatal("a backfill goes on with what comes, a bounded run ends", hint="choose one of the two")
        if self.event_range and not self.bounded:
            raise Fatal("a range of event times is read to the end of its topics", hint="choose a bounded run")

    @property
    def from_begin(self) -> bool:
        """Whether the topics are read from their begin, wherever the sources would start."""
        return self.backfill or bool(self.event_range)


def configuration(workflow: str, settings: JobSettings, flink: str | None) -> dict[str, str]:
    """Flink's settings of a job for the session cluster at `flink`; without it, for the cluster that it runs in."""
    session = _session(settings, flink) if flink else {}
    return {**_always(workflow, settings), **session, **settings.extra}


def _always(workflow: str, settings: JobSettings) -> dict[str, str]:
    """What every job needs, wherever it runs."""
    return {
        "pipeline.name": workflow,
        "pipeline.max-parallelism": str(MAX_PARALLELISM),
        "pipeline.object-reuse": "true",
        # a frame is a bundle: what a frame gives goes on at once
        "python.fn-execution.bundle.size": "1",
        "python.fn-execution.bundle.time": "1000",
        # Python holds no state: the JVM adds to the log, and each bundle would go through all that is held
        "python.state.cache-size": "0",
        # nobody waits for the first results of a bounded run, and fewer buffers are sent
        "execution.buffer-timeout.interval": "100 ms" if settings.bounded else "5 ms",
        "execution.checkpointing.unaligned.enabled": "true",
        "execution.checkpointing.aligned-checkpoint-timeout": "2 s",
        "execution.checkpointing.tolerable-failed-checkpoints": "10",
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "500 ms",
        "restart-strategy.exponential-delay.max-backoff": "10 s",
        "restart-strategy.exponential-delay.attempts-before-reset-backoff": "20",
        "restart-strategy.exponential-delay.reset-backoff-threshold": "5 min",
    }


def _session(settings: JobSettings, flink: str) -> dict[str, str]:
    """What the submitter decides; a client of a session cluster does not see the cluster's own settings."""
    address = urlsplit(flink)
    options = {
        "execution.target": "remote",
        "rest.address": str(address.hostname),
        "rest.port": str(address.port or 8081),
        "parallelism.default": str(settings.parallelism),
        "python.execution-mode": settings.mode,
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "execution.checkpointing.interval": settings.checkpoint_every,
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    }
    if settings.checkpoints:
        options["execution.checkpointing.dir"] = settings.checkpoints
    if settings.restore:
        options["execution.state-recovery.path"] = settings.restore
    if settings.files:
        options["python.files"] = ",".join(settings.files)
    return options
