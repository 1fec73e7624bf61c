"""What can be known to go wrong before a job is submitted."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from engine.probes import check
from engine.room import check_room
from engine.settings import JobAddresses


def preflight(addresses: JobAddresses, checkpoints: str) -> None:
    """Raises Fatal when a service does not answer within 8 s, or there is no room for checkpoints, a URL."""
    names = ("kafka", "redis", "registry", "flink")
    check({name: getattr(addresses, name) for name in names})
    check_checkpoints(checkpoints)


def check_checkpoints(checkpoints: str) -> None:
    """Raises Fatal when checkpoints are kept on a disk of this machine, and it is almost full.

    >>> check_checkpoints("s3://bucket/checkpoints")
    >>> check_checkpoints("file:///proc/checkpoints")
    Traceback (most recent call last):
    schemas.errors.Fatal: checkpoints "/proc/checkpoints": 0 MiB are free on this disk, expected at least 256 MiB
    hint: make room, or keep checkpoints elsewhere: HEADRACE_CHECKPOINTS
    """
    address = urlsplit(checkpoints)
    if address.scheme in ("", "file"):
        hint = "make room, or keep checkpoints elsewhere: HEADRACE_CHECKPOINTS"
        check_room("checkpoints", Path(address.path), hint)
