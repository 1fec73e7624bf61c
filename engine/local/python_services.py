"""Our own services: the schema registry, the scoring API and the ingest service."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from engine.local.home import Home
from engine.local.part import Part


def registry(home: Home, ports: Mapping[str, int]) -> Part:
    """Describe the schema registry's process; it keeps its schemas in SQLite."""
    database = f"sqlite:///{home.data / 'registry.sqlite'}"
    return Part(
        "registry", "registry", (*_module("schemas.registry_service", ports["registry"]), "--database", database)
    )


def scoring(home: Home, ports: Mapping[str, int]) -> Part:
    """Describe the scoring API's process; it finds the other services in its environment."""
    return Part("scoring", "scoring", _module("engine.scoring", ports["scoring"]))


def ingest(home: Home, ports: Mapping[str, int]) -> Part:
    """Describe the ingest service's process; it finds the other services in its environment."""
    return Part("ingest", "ingest", _module("engine.ingest", ports["ingest"]))


def _module(name: str, port: int) -> tuple[str, ...]:
    return (sys.executable, "-m", name, "--host", "127.0.0.1", "--port", str(port))
