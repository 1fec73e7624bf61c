from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.jobs.store import RunStore
from schemas.errors import Fatal

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
