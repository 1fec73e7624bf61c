"""A transformer that tells when records have reached it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from river import base


class Stamped(base.Transformer):  # type: ignore[misc]
    """Lets everything through, and leaves in the file `path` the instants of the `after`-th record and of the `last`.

    It counts the records of one worker; a job that was restarted counts from nothing and leaves more than two.
    """

    stateless = True

    def __init__(self, path: str, after: int, last: int) -> None:
        self.path = path
        self.after = after
        self.last = last
        self.told = frozenset((after, last))
        self._taken = 0

    def transform_one(self, x: dict[Any, Any]) -> dict[Any, Any]:
        self._taken += 1
        if self._taken in self.told:
            with Path(self.path).open("a") as file:
                file.write(f"{time.time()}\n")
        return x


def stamps_file(home: Path) -> Path:
    """Where the stamps of one run go, below the platform's home; there is no such file yet."""
    folder = home / "stamps"
    folder.mkdir(exist_ok=True)
    return folder / f"{time.time_ns()}"


def stamps_of(path: Path) -> tuple[float, float] | None:
    """When the one record came and when the last did, in seconds since the epoch; None while either has yet to come."""
    stamps = [float(line) for line in path.read_text().splitlines()] if path.exists() else []
    return (stamps[0], stamps[1]) if len(stamps) == 2 else None
