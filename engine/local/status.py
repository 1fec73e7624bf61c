"""How each service of the platform is doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.local import leftovers
from engine.local.home import Home
from engine.local.supervision import PartState, Supervisor
from engine.platform_file import PlatformFile
from engine.probes import why_not_ready
from engine.settings import SERVICES, Settings

_PARTS_OF = {"flink": ("jobmanager", "taskmanager")}

State = Literal["ready", "not ready", "down"]


@dataclass(frozen=True)
class ServiceStatus:
    """One service: its state, address, and the processes behind it, none if it runs elsewhere.

    `memory_bytes` is the resident memory of its processes and their children; `said` is why it is not ready.
    """

    name: str
    state: State
    address: str
    pids: tuple[int, ...]
    memory_bytes: int
    said: str


@dataclass(frozen=True)
class PlatformStatus:
    """All services, and what else there is to say about the platform."""

    home: str
    services: tuple[ServiceStatus, ...]
    memory_bytes: int
    said: str

    @property
    def is_ready(self) -> bool:
        """Say whether every service answers."""
        return all(service.state == "ready" for service in self.services)


def status(settings: Settings) -> PlatformStatus:
    """Ask every service how it is; nothing is started or changed."""
    home = Home(settings.home)
    supervisor = Supervisor(home)
    alive = supervisor.is_alive()
    states = supervisor.states() if alive else {}
    memory = leftovers.memory_of(home.folder)
    addresses = {**PlatformFile.load(home.folder).addresses, **settings.given()}
    services = tuple(_service(name, addresses.get(name, ""), states, memory) for name in SERVICES)
    said = "" if alive or not memory else _ABANDONED
    return PlatformStatus(str(home.folder), services, sum(memory.values()), said)


_ABANDONED = "the supervisor is gone but its processes are not: `headrace up` starts anew, `headrace down` ends them"


def _service(name: str, address: str, states: dict[str, PartState], memory: dict[str, int]) -> ServiceStatus:
    parts = _PARTS_OF.get(name, (name,))
    pids = tuple(states[part].pid for part in parts if part in states and states[part].pid)
    memory_bytes = sum(memory.get(part, 0) for part in parts)
    if not address:
        return ServiceStatus(name, "not ready" if pids else "down", "", pids, memory_bytes, "")
    said = why_not_ready(name, address, local=bool(pids))
    return ServiceStatus(name, "ready" if said is None else "not ready", address, pids, memory_bytes, said or "")
