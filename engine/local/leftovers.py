"""Processes of a platform that nobody looks after any more: found by a mark in their environment, and ended.

As a script it ends what an earlier process of the same part left behind, and then becomes the command it is given.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

PLATFORM_MARK = "HEADRACE_PLATFORM"
PART_MARK = "HEADRACE_PART"
_PATIENCE_S = 10.0


def processes_of(home: Path, part: str | None = None) -> list[psutil.Process]:
    """Return the live processes of the platform in `home`, or of one part of it, without the calling one.

    >>> processes_of(Path("/nowhere"))
    []
    """
    return [process for process, name in _marked(str(home)) if part is None or name == part]


def memory_of(home: Path) -> dict[str, int]:
    """Return the resident memory of each part of the platform in bytes, its children included."""
    sizes: dict[str, int] = {}
    for process, name in _marked(str(home)):
        try:
            sizes[name] = sizes.get(name, 0) + process.memory_info().rss
        except psutil.Error:
            continue
    return sizes


def _marked(home: str) -> Iterator[tuple[psutil.Process, str]]:
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            if environment.get(PLATFORM_MARK) != home or process.pid == os.getpid():
                continue
            if process.status() != psutil.STATUS_ZOMBIE:
                yield process, environment.get(PART_MARK, "supervisor")
        except (psutil.Error, OSError):
            continue


def end(processes: list[psutil.Process]) -> None:
    """Ask the processes to end, and kill those that do not in time."""
    _send(processes, "terminate")
    _, alive = psutil.wait_procs(processes, timeout=_PATIENCE_S)
    _send(alive, "kill")
    psutil.wait_procs(alive, timeout=_PATIENCE_S)


def kill(processes: list[psutil.Process]) -> None:
    """Kill the processes at once."""
    _send(processes, "kill")
    psutil.wait_procs(processes, timeout=_PATIENCE_S)


def _send(processes: list[psutil.Process], signal: str) -> None:
    for process in processes:
        try:
            getattr(process, signal)()
        except psutil.NoSuchProcess:
            continue


if __name__ == "__main__":
    kill(processes_of(Path(os.environ[PLATFORM_MARK]), os.environ[PART_MARK]))
    os.execvp(sys.argv[1], sys.argv[1:])
