"""Whether a disk has room for what is about to be written to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from schemas.errors import Fatal

LEAST_FREE_BYTES = 256 << 20


def check_room(
    what: str,
    folder: Path,
    hint: str,
    free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
) -> None:
    """Raises Fatal when the disk of a folder, which need not be there yet, is almost full.

    >>> check_room("data", Path("/tmp/headrace/data"), "make room", free_bytes=lambda path: 3 << 20)
    Traceback (most recent call last):
    schemas.errors.Fatal: data "/tmp/headrace/data": 3 MiB are free on this disk, expected at least 256 MiB
    hint: make room
    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = free_bytes(there)
    if free < LEAST_FREE_BYTES:
        said = f"{free >> 20} MiB are free on this disk, expected at least {LEAST_FREE_BYTES >> 20} MiB"
        raise Fatal(f'{what} "{folder}": {said}', hint=hint)
