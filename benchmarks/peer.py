"""Runs the scripts of `peers/` in their own environment."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.peers.tasks import Task
from schemas.errors import Fatal

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".venv-bench" / "bin" / "python"
_SCRIPTS = Path(__file__).parent / "peers"
_CAP_S = 1200


@dataclass(frozen=True)
class Stream:
    """A topic on a broker, and how many of its records to take."""

    kafka: str
    topic: str
    records: int

    def environment(self) -> dict[str, str]:
        return {"BENCH_KAFKA": self.kafka, "BENCH_TOPIC": self.topic, "BENCH_RECORDS": str(self.records)}


@dataclass(frozen=True)
class Peer:
    """A script of `peers/`, with what it is told besides."""

    script: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, task: Task, script: str, settings: Mapping[str, str] | None = None) -> Peer:
        """One that is told its task."""
        return cls(script, {"BENCH_TASK": task.name, **(settings or {})})

    def run(self, stream: Stream) -> dict[str, Any]:
        """What the script tells, a JSON object in its last line. Raises Fatal."""
        return _run([str(_SCRIPTS / f"{self.script}.py")], {**stream.environment(), **self.settings})


def rate(result: Mapping[str, Any]) -> float:
    """Records a second.

    >>> rate({"records": 10, "seconds": 4.0})
    2.5
    """
    return float(result["records"] / result["seconds"])


def versions() -> dict[str, str]:
    """The peers' versions."""
    told: dict[str, str] = _run(
        [str(_SCRIPTS / "versions.py"), "bytewax", "quixstreams", "confluent-kafka", "capymoa"], {}
    )
    return told


def run_bytewax(peer: Peer, stream: Stream, snapshot_s: int) -> dict[str, Any]:
    """Bytewax by its own command, with a recovery store: without one it is not at least once."""
    environment = {**stream.environment(), **peer.settings}
    with tempfile.TemporaryDirectory() as store:
        _run(["-m", "bytewax.recovery", store, "1"], environment, tells=False)
        flow = ["-m", "bytewax.run", f"{peer.script}:flow", "-r", store, "-s", str(snapshot_s), "-b", "0"]
        return _run(flow, environment)


def _run(arguments: Sequence[str], environment: Mapping[str, str], *, tells: bool = True) -> dict[str, Any]:
    if not PYTHON.exists():
        raise Fatal(f'environment "{PYTHON.parents[1].name}": not there', hint="`make bench` makes it")
    done = subprocess.run(
        [PYTHON, *arguments],
        env={**os.environ, "PYTHONPATH": str(_SCRIPTS), **environment},
        cwd=_SCRIPTS,
        capture_output=True,
        text=True,
        timeout=_CAP_S,
        check=False,
    )
    told = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or (tells and not told):
        raise Fatal(f"{' '.join(arguments)}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(told[-1]) if told else {}
    return result
