"""What a newcomer types: how long it takes, and how much memory the platform needs meanwhile."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable

from benchmarks import figures
from benchmarks.figures import Row, Tell
from benchmarks.peer import ROOT
from engine.local.status import status
from engine.settings import Settings
from schemas.errors import Fatal

_POLL_S = 1.0


def measure(tell: Tell) -> list[Row]:
    """Runs `make demo`, watching memory, and `make test`."""
    demo = Settings.load(home=ROOT / ".headrace" / "demo")
    peak = 0

    def watch() -> None:
        nonlocal peak
        peak = max(peak, status(demo).memory_bytes)

    demo_s = _seconds("demo", watch)
    tell(f"make demo: {demo_s:.0f} s, {peak / 2**30:.2f} GiB at most")
    test_s = _seconds("test", lambda: None)
    tell(f"make test: {test_s:.0f} s")
    return [
        figures.MEMORY.row(peak / 2**30, "sum of RSS over all processes, looked at every second, the largest"),
        figures.DEMO.row(demo_s, "wall time, everything installed"),
        figures.TEST.row(test_s, "wall time, everything installed"),
    ]


def _seconds(target: str, watch: Callable[[], None]) -> float:
    started = time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(["make", target], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT) as process,
    ):
        while process.poll() is None:
            watch()
            time.sleep(_POLL_S)
        if process.returncode:
            said.seek(0)
            raise Fatal(f"make {target}: exit code {process.returncode}\n{said.read()}")
    return time.monotonic() - started
