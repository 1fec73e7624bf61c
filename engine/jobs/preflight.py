"""What can be known to go wrong before a job is submitted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from engine.probes import check
from engine.settings import Addresses
from schemas.errors import Fatal

LEAST_FREE_BYTES = 256 << 20


def preflight(addresses: Addresses, checkpoints: str) -> None:
    """Raises Fatal when a service does not answer within 8 s, or there is no room for checkpoints."""
    names = ("kafka", "redis", "registry", "flink")
    check({name: getattr(addresses, name) for name in names})
    check_room(checkpoints)


def check_room(checkpoints: str, free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free) -> None:
    """Raises Fatal when the disk with the checkpoints, a URL, is almost full.

    >>> check_room("file:///tmp/checkpoints", free_bytes=lambda path: 3 << 20)
    Traceback (most recent call last):
    schemas.errors.Fatal: checkpoints "/tmp/checkpoints": 3 MiB are free on this disk, expected at least 256 MiB
    hint: make room, or keep checkpoints elsewhere: HEADRACE_CHECKPOINTS
    """
    address = urlsplit(checkpoints)
    if address.scheme not in ("", "file"):
        return
    folder = Path(address.path)
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = free_bytes(there)
    if free < LEAST_FREE_BYTES:
        raise Fatal(
            f'checkpoints "{folder}": {free >> 20} MiB are free on this disk, expected at least '
            f"{LEAST_FREE_BYTES >> 20} MiB",
            hint="make room, or keep checkpoints elsewhere: HEADRACE_CHECKPOINTS",
        )
