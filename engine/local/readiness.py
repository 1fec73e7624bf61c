"""Waiting until every service answers, and noticing when one never will."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from engine.local.home import Home
from engine.local.supervision import PartState, Supervisor
from engine.probes import why_not_ready
from schemas.errors import Fatal

_FAILED = frozenset({"BACKOFF", "FATAL", "EXITED", "UNKNOWN"})
_GIVEN_UP = frozenset({"FATAL", "UNKNOWN"})
_SHOWN_LINES = 15
_LAST_LINES = 200
_TROUBLE = re.compile(r"\b(ERROR|FATAL|CRITICAL)\b|^Traceback ")

Ready = Callable[[str, float], None]


def wait_until_ready(
    home: Home, addresses: Mapping[str, str], on_ready: Ready, *, restarts: bool = False, timeout_s: float = 300.0
) -> None:
    """Wait until the services at `addresses` answer, and call `on_ready` with each name and the seconds it took.

    Raises `Fatal` with what its log says when a part ends instead, or when the time is up. With `restarts` a part may
    end, as long as the supervisor goes on trying.
    """
    supervisor = Supervisor(home)
    started_at = time.monotonic()
    waiting = dict(addresses)
    pids: dict[str, int] = {}
    while waiting:
        for service, address in list(waiting.items()):
            if why_not_ready(service, address, local=True) is None:
                del waiting[service]
                on_ready(service, time.monotonic() - started_at)
        _stop_if_one_failed(home, supervisor.states().values(), None if restarts else pids)
        if waiting and time.monotonic() - started_at > timeout_s:
            service, address = next(iter(waiting.items()))
            said = why_not_ready(service, address, local=True)
            raise Fatal(f"{service} at {address} is not ready after {timeout_s:.0f} s: {said}", hint=_see(home.logs))
        time.sleep(0.1)


def _stop_if_one_failed(home: Home, states: Iterable[PartState], pids: dict[str, int] | None) -> None:
    for state in states:
        if pids is None:
            failed = state.state in _GIVEN_UP
        else:
            first_pid = pids.setdefault(state.name, state.pid) or state.pid
            failed = state.state in _FAILED or (state.pid not in (0, first_pid))
        if failed:
            log = home.log(state.name)
            ended = f'part "{state.name}" ended while it was starting'
            raise Fatal(f"{ended}:\n{_said(state)}{_excerpt(log)}", hint=_see(log))


def _see(log: Path) -> str:
    return f"see {log}"


def _excerpt(log: Path) -> str:
    """What a log says from its first error on, as a service may say a lot while it shuts down; else its end."""
    if not log.exists():
        return "(it wrote no log)"
    lines = log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
    errors = (at for at, line in enumerate(lines) if _TROUBLE.search(line))
    begin = next(errors, max(0, len(lines) - _SHOWN_LINES))
    return "\n".join(lines[begin : begin + _SHOWN_LINES])


def _said(state: PartState) -> str:
    return f"{state.said}\n" if state.said else ""
