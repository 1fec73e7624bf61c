"""The folder of a local platform: its configuration, logs, data and socket."""

from __future__ import annotations

import fcntl
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# the system's limit is 108 (104 on a Mac), and the supervisor appends its process id while it starts
_LONGEST_SOCKET_PATH = 90


@dataclass(frozen=True)
class Home:
    """Where the files of one local platform are."""

    folder: Path

    @property
    def config(self) -> Path:
        """The folder of generated configuration."""
        return self.folder / "config"

    @property
    def logs(self) -> Path:
        """The folder with one log a part."""
        return self.folder / "logs"

    @property
    def data(self) -> Path:
        """The folder of topics, features, schemas and checkpoints: what survives `down`."""
        return self.folder / "data"

    @property
    def scratch(self) -> Path:
        """The folder of what Flink needs while it runs: gone after `down`."""
        return self.folder / "tmp"

    @property
    def pid_file(self) -> Path:
        """The file that holds the supervisor's process id."""
        return self.folder / "supervisor.pid"

    @property
    def socket(self) -> Path:
        """The supervisor's socket; in the system's temporary folder if the path would be too long for one."""
        beside = self.folder / "supervisor.sock"
        if len(str(beside)) <= _LONGEST_SOCKET_PATH:
            return beside
        return Path(tempfile.gettempdir()) / f"headrace-{hashlib.sha256(bytes(self.folder)).hexdigest()[:16]}.sock"

    def log(self, part: str) -> Path:
        """Return the log of one part."""
        return self.logs / f"{part}.log"

    def make(self) -> None:
        """Make the folders."""
        for folder in (self.config, self.logs, self.data, self.scratch):
            folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other command starts or stops this platform, and keep the others out."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
