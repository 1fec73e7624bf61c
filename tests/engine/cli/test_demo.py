"""The demo on the real services, from an empty folder, to its end and interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from engine.local.leftovers import processes_of
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.services
# what a shell starts in the background ignores an interrupt, and so do its children
COMMAND = ["env", "--default-signal=INT", sys.executable, "-c", "from engine.cli import main; main()", "demo"]


def test_the_demo_does_the_whole_job_and_stops_what_it_started(tmp_path: Path) -> None:
    command = [*COMMAND, "--limit", "3000", "--home", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "3,000 flights in" in said
    assert said.count("-> {'prediction': ") == 2
    assert said.splitlines()[-1].startswith("all that was started is stopped")
    assert processes_of(tmp_path / "demo") == []


def test_interrupting_the_demo_while_it_learns_stops_what_it_started(tmp_path: Path) -> None:
    command = [*COMMAND, "--rate", "500", "--home", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        while "runs as job" not in demo.stdout.readline():
            assert demo.poll() is None
        started = psutil.Process(demo.pid).children(recursive=True)
        demo.send_signal(signal.SIGINT)
        said, _ = demo.communicate(timeout=PATIENCE_S)
    assert "stopping what was started" in said
    assert demo.returncode != 0
    assert started
    assert psutil.wait_procs(started, timeout=PATIENCE_S)[1] == []
    assert processes_of(tmp_path / "demo") == []
