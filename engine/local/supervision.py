"""The supervisor of the local platform: a supervisord in the background, spoken to through a unix socket."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import psutil
from supervisor.xmlrpc import SupervisorTransport

from engine.cache import ROOT
from engine.local.home import Home
from engine.local.leftovers import PART_MARK, PLATFORM_MARK
from engine.local.part import Part
from schemas.errors import Fatal

_LOG_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class PartState:
    """What the supervisor knows of one part: its state (such as RUNNING or BACKOFF), process id, 0 if none, and age."""

    name: str
    state: str
    pid: int
    up_s: int
    said: str

    @property
    def is_kept_running(self) -> bool:
        """Say whether the supervisor keeps the part running, or is about to start it again."""
        return self.state in ("STARTING", "RUNNING", "BACKOFF", "EXITED")


class Supervisor:
    """The supervisor of one platform, asked over a connection of its own each time."""

    def __init__(self, home: Home) -> None:
        self._socket = f"unix://{home.socket}"

    def is_alive(self) -> bool:
        """Say whether the supervisor answers."""
        try:
            self._call("getState")
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def states(self) -> dict[str, PartState]:
        """Return the state of every part by its name."""
        return {entry["name"]: _state(entry) for entry in self._call("getAllProcessInfo")}

    def start(self, part: str) -> None:
        """Start a part again that was stopped or given up."""
        self._call("startProcess", part, False)

    def stop(self, part: str) -> None:
        """Stop a part; it stays stopped."""
        self._call("stopProcess", part, True)

    def shut_down(self) -> None:
        """Stop all parts at the same time, then the supervisor; return when they have ended."""
        process = psutil.Process(self._call("getPID"))
        self._call("stopAllProcesses", True)
        self._call("shutdown")
        process.wait(timeout=60)

    def _call(self, method: str, *arguments: str | bool) -> Any:
        transport = SupervisorTransport(None, None, serverurl=self._socket)
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
            return getattr(cast(Any, proxy).supervisor, method)(*arguments)


def start_supervisor(home: Home, parts: Sequence[Part], environment: Mapping[str, str]) -> None:
    """Start a supervisor in the background that starts `parts` and keeps them running."""
    config = home.config / "supervisord.conf"
    _write_config(config, home, parts)
    for log in home.logs.glob("*.log"):
        log.replace(f"{log}.1")  # as the supervisor calls the one before: what it says is of an earlier start
    done = subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)],
        env={**os.environ, **environment, **_environment(home)},
        cwd=home.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Fatal(f"the supervisor does not start: {(done.stderr or done.stdout).strip()}")


def _environment(home: Home) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    modules = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {"PATH": path, "PYTHONPATH": modules, "PYTHONUNBUFFERED": "1", PLATFORM_MARK: str(home.folder)}


def _write_config(path: Path, home: Home, parts: Sequence[Part]) -> None:
    config = configparser.RawConfigParser()
    config["supervisord"] = {
        "logfile": str(home.log("supervisor")),
        "logfile_maxbytes": str(_LOG_BYTES),
        "pidfile": str(home.pid_file),
        "childlogdir": str(home.logs),
    }
    config["unix_http_server"] = {"file": str(home.socket), "chmod": "0600"}
    config["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    for part in parts:
        config[f"program:{part.name}"] = _program(home, part)
    with path.open("w") as file:
        config.write(file)


def _program(home: Home, part: Part) -> dict[str, str]:
    variables = {**part.environment, PART_MARK: part.name}
    program = {
        "command": " ".join(_quoted(word) for word in part.command),
        "environment": ",".join(f"{name}={_quoted(value)}" for name, value in variables.items()),
        "autorestart": "true",
        "startsecs": "2",
        "startretries": "5",
        "stopasgroup": "true",
        "killasgroup": "true",
        "stopwaitsecs": "15",
        "redirect_stderr": "true",
        "stdout_logfile": str(home.log(part.name)),
        "stdout_logfile_maxbytes": str(_LOG_BYTES),
        "stdout_logfile_backups": "1",
    }
    return {key: value.replace("%", "%%") for key, value in program.items()}


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _state(entry: dict[str, Any]) -> PartState:
    up_s = entry["now"] - entry["start"] if entry["pid"] else 0
    return PartState(entry["name"], entry["statename"], entry["pid"], up_s, entry["spawnerr"])
