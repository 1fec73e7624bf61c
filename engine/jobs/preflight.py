"""What can be known to go wrong before a job is submitted."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from engine.local.probes import check
from engine.local.room import check_room
from engine.settings import Addresses


def preflight(addresses: Addresses, checkpoints: str) -> None:
    """Raises Fatal when a service does not answer within 8 s, or there is no room for checkpoints, a URL."""
    names = ("kafka", "redis", "registry", "flink")
    check({name: getattr(addresses, name) for name in names})
    address = urlsplit(checkpoints)
    if address.scheme in ("", "file"):
        hint = "make room, or keep checkpoints elsewhere: HEADRACE_CHECKPOINTS"
        check_room("checkpoints", Path(address.path), hint)
