"""Who starts a workflow right now: a process, which may have ended since."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

LONGEST_START = timedelta(minutes=10)  # of a process on another machine, which cannot be looked at
_ENDED = frozenset("ZX")  # a parent has yet to take notice


@dataclass(frozen=True)
class Claim:
    """A workflow that a process is about to start.

    `host` names the machine and, as containers may share its name, the namespace of `pid`. `began_ms` counts from the
    start of the machine, as no setting of its clock moves that; `claimed_ms` counts from the epoch.
    """

    workflow: str
    host: str
    pid: int
    began_ms: int
    claimed_ms: int

    @staticmethod
    def ours(workflow: str, at: datetime) -> Claim:
        """The claim of the calling process, made at an instant."""
        return Claim(workflow, _host(), os.getpid(), _began_ms(os.getpid()) or 0, int(at.timestamp() * 1000))

    def is_stale(self, at: datetime) -> bool:
        """Whether, at an instant, its process has ended without taking it back."""
        if self.host != _host():
            return at.timestamp() * 1000 - self.claimed_ms > LONGEST_START.total_seconds() * 1000
        return _began_ms(self.pid) != self.began_ms


def _host() -> str:
    return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"


def _began_ms(pid: int) -> int | None:
    """When a process began, which tells it from a later one of the same number; None if it has ended. See proc(5)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = stat.rpartition(")")[2].split()  # the name before it may have spaces and parentheses
    return None if state in _ENDED else int(fields[18]) * 1000 // os.sysconf("SC_CLK_TCK")
