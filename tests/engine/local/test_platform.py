from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import httpx
import psutil
import pytest

from engine.local import leftovers
from engine.local.home import Home
from engine.local.platform import Platform, Silent, down, up
from engine.local.status import status
from engine.local.supervision import Supervisor
from engine.platform_file import PlatformFile
from engine.probes import why_not_ready
from engine.settings import Settings
from schemas.errors import Fatal
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.services
COMMAND = [sys.executable, "-c", "from engine.cli import main; main()"]


class Notes(Silent):
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def says(self, text: str) -> None:
        self.sentences.append(text)


@pytest.fixture
def small(platform: Platform, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a platform that starts a Redis of its own, and uses the others as given."""
    given = asdict(platform.addresses)
    settings = Settings.load(home=tmp_path / "small", **{**given, "redis": None})
    yield settings
    down(settings)


def _pid(home: Path, part: str) -> int:
    return Supervisor(Home(home)).states()[part].pid


def _killed(home: Path, part: str) -> int:
    pid = _pid(home, part)
    psutil.Process(pid).kill()
    wait_until(lambda: _pid(home, part) not in (0, pid))
    return pid


def test_every_service_is_ready(platform: Platform) -> None:
    found = status(Settings.load(home=platform.home))
    assert {service.name: service.state for service in found.services} == dict.fromkeys(
        asdict(platform.addresses), "ready"
    )
    assert all(service.pids and service.memory_bytes for service in found.services)
    assert found.memory_bytes < 3 * 2**30


def test_up_twice_changes_nothing(platform: Platform) -> None:
    before = leftovers.processes_of(platform.home)
    again = up(Settings.load(home=platform.home))
    assert (again.addresses, again.started) == (platform.addresses, False)
    assert leftovers.processes_of(platform.home) == before


def test_a_killed_broker_comes_back(platform: Platform) -> None:
    _killed(platform.home, "kafka")
    wait_until(lambda: why_not_ready("kafka", platform.addresses.kafka) is None)


def test_a_killed_taskmanager_is_replaced(platform: Platform) -> None:
    def registered() -> set[str]:
        answer = httpx.get(f"{platform.addresses.flink}/taskmanagers", trust_env=False).json()
        return {entry["id"] for entry in answer["taskmanagers"]}

    before = registered()
    marks = {leftovers.PLATFORM_MARK: str(platform.home), leftovers.PART_MARK: "taskmanager"}
    worker = psutil.Popen(
        [sys.executable, "-c", "import signal; signal.pause()"], env={**os.environ, **marks}, start_new_session=True
    )
    _killed(platform.home, "taskmanager")
    wait_until(lambda: len(registered()) == 1 and not registered() & before)
    assert worker.wait(timeout=PATIENCE_S) == -9, "the worker of the killed TaskManager outlived it"


def test_down_keeps_data_and_ports_and_leaves_no_process(small: Settings) -> None:
    first = up(small)
    port = first.addresses.redis.rpartition(":")[2]
    cli = next(str(path) for path in Path(sys.prefix).rglob("redis-cli"))
    subprocess.run([cli, "-p", port, "set", "seen", "1"], check=True, capture_output=True)
    assert down(small)
    assert leftovers.processes_of(small.home) == []
    assert PlatformFile.load(small.home).addresses == {}
    assert not Home(small.home).scratch.exists()
    assert not down(small)
    assert up(small).addresses == first.addresses
    assert subprocess.run([cli, "-p", port, "get", "seen"], check=True, capture_output=True).stdout == b"1\n"


def test_a_lost_supervisor_is_explained_and_cleared_up(small: Settings) -> None:
    up(small)
    supervisor = psutil.Process(int(Home(small.home).pid_file.read_text()))
    supervisor.kill()
    supervisor.wait()
    assert "the supervisor is gone" in status(small).said
    notes = Notes()
    assert up(small, notes).started
    assert "the last run lost its supervisor: clearing up, 1 processes were left" in notes.sentences
    assert len(leftovers.processes_of(small.home, "redis")) == 1


def test_down_after_a_lost_supervisor_leaves_no_process(small: Settings) -> None:
    up(small)
    leftovers.kill(leftovers.processes_of(small.home, "supervisor"))
    assert down(small)
    assert leftovers.processes_of(small.home) == []


def test_a_part_that_was_stopped_is_started_again(small: Settings) -> None:
    up(small)
    Supervisor(Home(small.home)).stop("redis")
    notes = Notes()
    assert not up(small, notes).started
    assert notes.sentences == ['part "redis" had ended: starting it again']


def test_a_platform_with_other_addresses_is_refused(small: Settings) -> None:
    up(small)
    with pytest.raises(Fatal, match="was started with other addresses"):
        up(small.model_copy(update={"registry": None}))


def test_a_service_that_is_away_is_an_error_before_anything_starts(small: Settings) -> None:
    with pytest.raises(Fatal, match=r"kafka at 127\.0\.0\.1:1 does not answer"):
        up(small.model_copy(update={"kafka": "127.0.0.1:1"}))
    assert not small.home.exists()


def test_interrupting_up_stops_what_it_started(tmp_path: Path) -> None:
    heeding = [
        "env",
        "--default-signal=INT",
    ]  # what a shell starts in the background ignores it, and so do its children
    command = subprocess.Popen([*heeding, *COMMAND, "up", "--home", str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert command.stdout is not None
    wait_until(lambda: len({*leftovers.memory_of(tmp_path)} - {"supervisor"}) == 7)
    command.send_signal(signal.SIGINT)
    said, _ = command.communicate(timeout=PATIENCE_S)
    assert "stopping what was started" in said
    assert command.returncode != 0
    assert leftovers.processes_of(tmp_path) == []


def test_status_speaks_json(platform: Platform) -> None:
    done = subprocess.run(
        [*COMMAND, "status", "--json", "--home", str(platform.home)], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found["ready"]
    assert {service["name"]: service["address"] for service in found["services"]} == asdict(platform.addresses)


def test_an_error_is_a_sentence_and_a_hint(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "up", "--home", str(tmp_path), "--port", "kafka"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == 'error: --port "kafka": expected NAME=PORT\nhint: for example --port kafka=9092\n'
