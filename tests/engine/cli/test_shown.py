"""What a workflow's consoles show, from the topics that they stand for."""

from __future__ import annotations

import json
import time
from io import StringIO

import pytest
from rich.console import Console as Terminal

from engine.cli.shown import Shown, in_json
from engine.flink.configuration import JobSettings
from engine.local.platform import Platform
from engine.workflow import Workflow
from sinks import Console
from tests.engine.jobs.readings import feed
from tests.engine.jobs.trial import classifier, finish, fresh_name

pytestmark = pytest.mark.services
COUNT, NEWEST = 700, 5


def test_the_results_of_a_run_are_shown_as_lines_and_as_a_table(platform: Platform) -> None:
    flow = Workflow(fresh_name())
    with feed(platform) as stream:
        stream.write(COUNT)
        model = flow.pipeline("model", flow.source("readings", stream.source()), classifier(), label="rain")
        flow.sink("all", model, Console())
        flow.sink("newest", model, Console("table", newest=NEWEST))
        before_ms = int(time.time() * 1000)
        trial = finish(platform, flow, JobSettings(bounded=True))
    lines, tables = StringIO(), StringIO()
    with Shown(trial.started.plan, trial.settings, before_ms) as shown:
        terminal = Terminal(file=lines, width=80)
        while len(lines.getvalue().splitlines()) < COUNT:
            [table] = shown.show(terminal)
        [table] = shown.show(terminal)
    expected = [in_json(record) for record in trial.committed(trial.topics["all"])]
    assert sorted(lines.getvalue().splitlines()) == sorted(expected)
    assert len({(line["partition"], line["offset"]) for line in map(json.loads, expected)}) == COUNT
    Terminal(file=tables, width=200).print(table)
    assert len(table.rows) == NEWEST
    assert "probability" in tables.getvalue()
    with Shown(trial.started.plan, trial.settings, int(time.time() * 1000)) as later:
        terminal = Terminal(file=(nothing := StringIO()))
        later.show(terminal)
    assert nothing.getvalue() == ""
