from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.jobs.claim import LONGEST_START, Claim
from engine.jobs.store import RunStore
from schemas.errors import Fatal

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CLAIM_AND_DIE = """
import os, sys
from engine.jobs.store import RunStore
RunStore(sys.argv[1]).claim("flights").__enter__()
os._exit(9)
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'jobs.sqlite'}"


def test_a_workflow_that_is_being_started_is_refused_until_it_is_started(url: str) -> None:
    with RunStore(url) as ours, RunStore(url) as theirs:
        refused = pytest.raises(Fatal, match=r'workflow "flights": process \d+ on .* is starting it right now')
        with ours.claim("flights"), theirs.claim("phishing"), refused:
            theirs.claim("flights").__enter__()
        with theirs.claim("flights"):
            pass


def test_a_start_that_fails_can_be_tried_again(url: str) -> None:
    with RunStore(url) as runs:
        with pytest.raises(Fatal, match="no such topic"), runs.claim("flights"):
            raise Fatal("no such topic")
        with runs.claim("flights"):
            pass


def test_a_process_that_was_killed_leaves_no_claim(url: str) -> None:
    assert subprocess.run([sys.executable, "-c", CLAIM_AND_DIE, url], check=False).returncode == 9
    with RunStore(url) as runs, runs.claim("flights"):
        pass


def test_a_process_that_nobody_has_waited_for_leaves_no_claim(url: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", CLAIM_AND_DIE, url])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    with RunStore(url) as runs, runs.claim("flights"):
        pass
    process.wait()


def test_a_later_process_of_the_same_number_is_another_one() -> None:
    ours = Claim.ours("flights", NOON)
    assert not ours.is_stale(NOON + timedelta(days=1))
    assert replace(ours, began_ms=ours.began_ms - 10).is_stale(NOON)


def test_a_claim_of_another_machine_holds_for_ten_minutes(url: str, tmp_path: Path) -> None:
    elsewhere = replace(Claim.ours("flights", NOON), host="elsewhere pid:[1]")
    with RunStore(url, clock=lambda: NOON + LONGEST_START) as runs:
        with closing(sqlite3.connect(tmp_path / "jobs.sqlite")) as database, database:
            database.execute("INSERT INTO claims VALUES (?, ?, ?, ?, ?)", astuple(elsewhere))
        with pytest.raises(Fatal, match="on elsewhere is starting it right now"):
            runs.claim("flights").__enter__()
    with RunStore(url, clock=lambda: NOON + LONGEST_START + timedelta(seconds=1)) as runs, runs.claim("flights"):
        pass


def test_of_many_that_start_a_workflow_at_once_one_may(url: str) -> None:
    together = threading.Barrier(8)

    def attempt(claims: ExitStack) -> bool:
        together.wait()
        runs = claims.enter_context(RunStore(url))
        try:
            claims.enter_context(runs.claim("flights"))
        except Fatal:
            return False
        return True

    stacks = [ExitStack() for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(attempt, stacks))
    for stack in stacks:
        stack.close()
    assert won.count(True) == 1
