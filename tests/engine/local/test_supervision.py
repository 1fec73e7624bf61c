from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.local import leftovers
from engine.local.home import Home
from engine.local.part import Part
from engine.local.readiness import wait_until_ready
from engine.local.supervision import Supervisor, start_supervisor
from schemas.errors import Fatal
from tests.waiting import PATIENCE_S, wait_until

SLEEPER = (sys.executable, "-c", "import signal; signal.pause()")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    home.make()
    yield home
    leftovers.kill(leftovers.processes_of(tmp_path))


def test_words_reach_a_part_as_they_are(home: Home) -> None:
    words = ('a "quoted" word', "100% %(here)s", "back\\slash", "semi;colon", "")
    script = "import os, sys; print(sys.argv[1:], os.environ['WORDS'], flush=True); import signal; signal.pause()"
    part = Part("echo", "echo", (sys.executable, "-c", script, *words), {"WORDS": words[1] + words[3]})
    start_supervisor(home, [part], {})
    wait_until(lambda: home.log("echo").exists() and home.log("echo").read_text().endswith("\n"))
    assert home.log("echo").read_text() == f"{list(words)} {words[1] + words[3]}\n"
    Supervisor(home).shut_down()


def test_a_part_that_ends_at_once_is_reported_with_its_last_words(home: Home) -> None:
    broken = Part("broken", "redis", (sys.executable, "-c", "import sys; sys.exit('the disk is on fire')"))
    start_supervisor(home, [broken, Part("fine", "fine", SLEEPER)], {})
    with pytest.raises(Fatal, match=r'(?s)part "broken" ended while it was starting:.*the disk is on fire'):
        wait_until_ready(home, {"redis": "redis://127.0.0.1:1"}, lambda service, after_s: None)


def test_what_went_wrong_is_shown_and_not_only_what_a_service_says_as_it_shuts_down(home: Home) -> None:
    script = "import sys; print('ERROR the port is taken'); [print('closing', n) for n in range(50)]; sys.exit(1)"
    start_supervisor(home, [Part("broken", "redis", (sys.executable, "-c", script))], {})
    with pytest.raises(Fatal, match=r"(?s)starting:.*\nERROR the port is taken\nclosing 0"):
        wait_until_ready(home, {"redis": "redis://127.0.0.1:1"}, lambda service, after_s: None)


def test_a_killed_part_comes_back(home: Home) -> None:
    start_supervisor(home, [Part("sleeper", "sleeper", SLEEPER)], {})
    supervisor = Supervisor(home)
    wait_until(lambda: supervisor.states()["sleeper"].state == "RUNNING")
    killed = supervisor.states()["sleeper"].pid
    psutil.Process(killed).kill()
    wait_until(lambda: supervisor.states()["sleeper"].pid not in (0, killed))


def test_shutting_down_ends_what_the_parts_have_started(home: Home) -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import signal; signal.pause()'])"
    start_supervisor(home, [Part("parent", "parent", (sys.executable, "-c", script))], {})
    wait_until(lambda: len(leftovers.processes_of(home.folder, "parent")) == 2)
    Supervisor(home).shut_down()
    assert leftovers.processes_of(home.folder) == []


def test_a_part_ends_what_its_forerunner_left_before_it_starts(home: Home) -> None:
    marks = {leftovers.PLATFORM_MARK: str(home.folder), leftovers.PART_MARK: "worker"}
    orphan = psutil.Popen(SLEEPER, env={**os.environ, **marks}, start_new_session=True)
    start_supervisor(home, [Part("worker", "worker", (sys.executable, "-P", leftovers.__file__, *SLEEPER))], {})
    assert orphan.wait(timeout=PATIENCE_S) == -9
    wait_until(lambda: len(leftovers.processes_of(home.folder, "worker")) == 1)
    Supervisor(home).shut_down()
