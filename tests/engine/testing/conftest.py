from __future__ import annotations

from typing import Protocol

import pytest

from engine.local.platform import Platform
from engine.settings import Settings
from engine.testing import Outcome, Table
from engine.testing.in_process import run_in_process
from engine.testing.on_cluster import run_on_cluster
from engine.workflow import Workflow


class Run(Protocol):
    """Runs a workflow over tables, as `engine.testing.run` does."""

    def __call__(self, workflow: Workflow, /, *nodes: str, **tables: Table) -> Outcome: ...


@pytest.fixture(params=["process", "cluster"])
def run(request: pytest.FixtureRequest) -> Run:
    """Both ways to run the same test: in the JVM of this process, and on the platform."""
    settings = None
    if request.param == "cluster":
        platform: Platform = request.getfixturevalue("platform")
        settings = Settings.load(home=platform.home)

    def run(workflow: Workflow, /, *nodes: str, **tables: Table) -> Outcome:
        if settings is None:
            return run_in_process(workflow, nodes, tables)
        return run_on_cluster(workflow, nodes, tables, settings)

    return run
