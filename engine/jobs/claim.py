"""Who starts a workflow right now: a process, which may have ended since."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psutil

LONGEST_START = timedelta(minutes=10)  # of a process on another machine, which cannot be looked at


@dataclass(frozen=True)
class Claim:
    """A workflow that a process is about to start; instants in ms since the epoch.

    `host` names the machine and, as containers may share its name, the namespace of `pid`.
    """

    workflow: str
    host: str
    pid: int
    began_ms: int
    claimed_ms: int

    @staticmethod
    def ours(workflow: str) -> Claim:
        """The claim of the calling process, made now."""
        return Claim(workflow, _host(), os.getpid(), _began_ms(os.getpid()) or 0, _now_ms())

    @property
    def is_stale(self) -> bool:
        """Whether its process has ended without taking it back."""
        if self.host != _host():
            return _now_ms() - self.claimed_ms > LONGEST_START.total_seconds() * 1000
        return _began_ms(self.pid) != self.began_ms


def _host() -> str:
    return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"


def _began_ms(pid: int) -> int | None:
    """When a process began, which tells it from a later one of the same number; None if there is none."""
    try:
        return int(psutil.Process(pid).create_time() * 1000)
    except psutil.NoSuchProcess:
        return None


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
