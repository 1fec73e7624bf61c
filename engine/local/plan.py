"""Which parts a local platform has, and where each of its services answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.local.broker import broker
from engine.local.flink_cluster import flink_cluster
from engine.local.home import Home
from engine.local.part import Part
from engine.local.python_services import ingest, registry, scoring
from engine.local.redis_server import redis_server
from engine.settings import Settings

_HTTP = "http://"
_SCHEMES = {"kafka": "", "redis": "redis://", "registry": _HTTP, "flink": _HTTP, "scoring": _HTTP, "ingest": _HTTP}

_PARTS: Mapping[str, Callable[[Home, Mapping[str, int]], tuple[Part, ...]]] = {
    "kafka": lambda home, ports: (broker(home, ports),),
    "redis": lambda home, ports: (redis_server(home, ports),),
    "registry": lambda home, ports: (registry(home, ports),),
    "flink": flink_cluster,
    "scoring": lambda home, ports: (scoring(home, ports),),
    "ingest": lambda home, ports: (ingest(home, ports),),
}


@dataclass(frozen=True)
class Plan:
    """The parts to start, the addresses of all services, and the environment in which the parts find each other."""

    parts: tuple[Part, ...]
    addresses: dict[str, str]
    environment: dict[str, str]

    def local_addresses(self) -> dict[str, str]:
        """Return the addresses of the services that the parts serve."""
        return {service: self.addresses[service] for service in dict.fromkeys(part.service for part in self.parts)}


def make_plan(settings: Settings, home: Home, ports: Mapping[str, int]) -> Plan:
    """Write the configuration of every service that is not given, and describe its parts."""
    given = settings.given()
    addresses = {name: given.get(name) or f"{scheme}127.0.0.1:{ports[name]}" for name, scheme in _SCHEMES.items()}
    parts = tuple(part for name, make in _PARTS.items() if name not in given for part in make(home, ports))
    environment = {f"HEADRACE_{name.upper()}": address for name, address in addresses.items()}
    environment["HEADRACE_HOME"] = str(home.folder)
    environment["HEADRACE_SIGNING_KEY"] = str(settings.signing_key_file.absolute())
    environment["HEADRACE_PRODUCTION"] = str(int(settings.production))
    environment["HEADRACE_INGEST_TOKENS"] = str(settings.ingest_tokens.absolute()) if settings.ingest_tokens else ""
    environment["HEADRACE_INGEST_TOPICS"] = " ".join(settings.ingest_topics)
    environment["HEADRACE_ALLOWED_MODULES"] = " ".join(settings.allowed_modules)
    return Plan(parts, addresses, environment)
