"""Start the local platform and stop it: all services as supervised processes in the background."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.jars import install
from engine.local import leftovers
from engine.local.home import Home
from engine.local.plan import Plan, make_plan
from engine.local.ports import PORTS, choose_ports
from engine.local.readiness import wait_until_ready
from engine.local.supervision import Supervisor, start_supervisor
from engine.paths import check_paths
from engine.platform_file import PlatformFile
from engine.probes import check
from engine.room import check_room
from engine.settings import Addresses, Settings
from models.signing import signing_key
from schemas.errors import Fatal


class Progress(Protocol):
    """Who wants to know how starting and stopping goes on."""

    def says(self, text: str) -> None:
        """Take a sentence about what happens."""

    def ready(self, service: str, after_s: float) -> None:
        """Take the news that a service answers."""


class Silent:
    """A progress that nobody looks at."""

    def says(self, text: str) -> None:
        """Take a sentence and forget it."""

    def ready(self, service: str, after_s: float) -> None:
        """Take the news and forget them."""


@dataclass(frozen=True)
class Platform:
    """A platform that is up. `started` says whether this call started it, or found it running."""

    home: Path
    addresses: Addresses
    started: bool


def up(settings: Settings, progress: Progress | None = None) -> Platform:
    """Start whatever is not given and not running, and return when every service answers.

    What this call started is stopped again when it fails or is interrupted. Raises `Fatal` with what to do.
    """
    check_paths(settings.home)
    check(settings.given())
    home = Home(settings.home)
    with home.alone():
        if Supervisor(home).is_alive():
            return _join(settings, home, progress or Silent())
        return _start(settings, home, progress or Silent())


def down(settings: Settings, progress: Progress | None = None) -> bool:
    """Stop the platform, leaving its data; return whether there was anything to stop."""
    home = Home(settings.home)
    if not home.folder.exists():
        return False
    with home.alone():
        return _stop(home, progress or Silent())


def _start(settings: Settings, home: Home, progress: Progress) -> Platform:
    _clear(home, progress)
    check_room("data", home.data, "make room, or choose a home on another disk: --home")
    home.make()
    install(("kafka", "flink"))
    signing_key(settings.signing_key_file, production=settings.production)
    ports = choose_ports(settings.ports, PlatformFile.load(home.folder).ports)
    plan = make_plan(settings, home, ports)
    PlatformFile(ports).save(home.folder)
    progress.says(f"starting {', '.join(part.name for part in plan.parts)}")
    with ExitStack() as undo:
        undo.callback(_stop, home, Silent())
        undo.callback(progress.says, "stopping what was started")
        start_supervisor(home, plan.parts, plan.environment)
        wait_until_ready(home, plan.local_addresses(), progress.ready)
        undo.pop_all()
    return _announce(home, ports, plan, started=True)


def _join(settings: Settings, home: Home, progress: Progress) -> Platform:
    known = PlatformFile.load(home.folder)
    ports = {**known.ports, **settings.ports}
    supervisor = Supervisor(home)
    states = supervisor.states()
    if not ports.keys() >= set(PORTS):
        raise _other_platform(home)
    plan = make_plan(settings, home, ports)
    if states.keys() != {part.name for part in plan.parts} or known.addresses not in ({}, plan.addresses):
        raise _other_platform(home)
    for state in states.values():
        if not state.is_kept_running:
            progress.says(f'part "{state.name}" had ended: starting it again')
            supervisor.start(state.name)
    wait_until_ready(home, plan.local_addresses(), Silent().ready, restarts=True)
    return _announce(home, ports, plan, started=False)


def _other_platform(home: Home) -> Fatal:
    return Fatal(
        f"the platform that runs in {home.folder} was started with other addresses or ports",
        hint="`headrace down` first, or give the same ones",
    )


def _announce(home: Home, ports: dict[str, int], plan: Plan, *, started: bool) -> Platform:
    PlatformFile(ports, plan.addresses).save(home.folder)
    return Platform(home.folder, Addresses(**plan.addresses), started)


def _stop(home: Home, progress: Progress) -> bool:
    supervisor = Supervisor(home)
    was_alive = supervisor.is_alive()
    if was_alive:
        supervisor.shut_down()
    found = _clear(home, progress, expected=was_alive)
    PlatformFile(PlatformFile.load(home.folder).ports).save(home.folder)
    return was_alive or found


def _clear(home: Home, progress: Progress, *, expected: bool = False) -> bool:
    """End the processes and remove the files of a platform whose supervisor is gone; say so unless that is expected."""
    found = leftovers.processes_of(home.folder)
    if not expected and (found or home.pid_file.exists()):
        progress.says(f"the last run lost its supervisor: clearing up, {len(found)} processes were left")
    while processes := leftovers.processes_of(home.folder):  # one that was starting may have started others
        leftovers.end(processes)
    shutil.rmtree(home.scratch, ignore_errors=True)
    home.pid_file.unlink(missing_ok=True)
    home.socket.unlink(missing_ok=True)
    return bool(found)
