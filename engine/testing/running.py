"""Run a workflow, or some of its nodes, over tables."""

from __future__ import annotations

from engine.settings import Settings
from engine.testing.in_process import run_in_process
from engine.testing.on_cluster import run_on_cluster
from engine.testing.outcome import Outcome
from engine.testing.tables import Table
from engine.workflow import Workflow


def run(workflow: Workflow, /, *nodes: str, **tables: Table) -> Outcome:
    """What a workflow makes of tables, given by the names of its sources, or of other streams, which they replace.

    The outcome has the results of all sinks, or of the `nodes` that are named, be they sinks, pipelines or streams;
    then nothing else runs. Where the setting `test_on` is "cluster" it runs on the platform, otherwise in this process.
    Raises Fatal where it cannot run, or fails.
    """
    settings = Settings.load()
    if settings.test_on == "cluster":
        return run_on_cluster(workflow, nodes, tables, settings)
    return run_in_process(workflow, nodes, tables)
