"""What stops a job for good, what is refused before it starts, and what goes on where it stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.flink.rest import FlinkRest
from engine.jobs.loading import LoadedWorkflow, load_workflow
from engine.jobs.running import start
from engine.local.platform import Platform
from engine.settings import Settings
from schemas.errors import Fatal
from tests.engine.jobs.plain_river import in_event_time_order, predictions
from tests.engine.jobs.readings import PARTITIONS, Feed, feed, released
from tests.engine.jobs.trial import EACH_SECOND, Trial, begin, fresh_name, workflow

pytestmark = pytest.mark.services
COMMAND = [sys.executable, "-c", "from engine.cli import main; main()"]

FILE = """
import os

from river import base, compose, linear_model, preprocessing

from engine.workflow import Workflow
from sinks import Topic
from sources import KafkaTopic

ON_THE_CLIENT = os.getpid() == {client}

{step}

flow = Workflow("{name}")
source = flow.source("readings", KafkaTopic("{topic}", event_time="at", lateness="1s"))
pipeline = step | preprocessing.StandardScaler() | linear_model.LogisticRegression()
model = flow.pipeline("model", source, pipeline, label="rain")
flow.sink("predictions", model, Topic("{name}.predictions"))
"""
FAILS_ON_IMPORT = """
step = compose.Select("warmth", "wind")
if not ON_THE_CLIENT:
    raise ImportError("no libmeteo on this worker")
def same(x): return x
step = step | compose.FuncTransformer(same)
"""
FAILS_ON_OPEN = """
class Licensed(base.Transformer):
    def __init__(self, until=2030): self.until = until
    def transform_one(self, x): return x
    def __setstate__(self, state):
        if not ON_THE_CLIENT: raise PermissionError("no licence for this worker")
step = compose.Select("warmth", "wind") | Licensed()
"""
FAILS_NOW_AND_THEN = """
def gusts(x):
    if x["wind"] < 1.0: raise ValueError("too calm")
    return x
step = compose.Select("warmth", "wind") | compose.FuncTransformer(gusts)
"""
FAILS_ALWAYS = """
def misspelt(x): return {{"warmth": x["warmht"]}}
step = compose.FuncTransformer(misspelt)
"""


@pytest.fixture
def stream(platform: Platform) -> Iterator[Feed]:
    with feed(platform) as stream:
        stream.write(2_000)
        yield stream


def _file(folder: Path, stream: Feed, step: str) -> Path:
    name = fresh_name()
    path = folder / f"{name}.py"
    path.write_text(FILE.format(client=os.getpid(), step=step.format(), name=name, topic=stream.topic))
    return path


def test_what_is_fatal_stops_a_job_without_restarts_and_the_users_own_lines_come_first(
    platform: Platform, stream: Feed, tmp_path: Path
) -> None:
    expected = {
        FAILS_ON_IMPORT: ("Traceback (your own lines):", "ImportError: no libmeteo on this worker"),
        FAILS_ON_OPEN: ("Traceback (your own lines):", "PermissionError: no licence for this worker"),
        FAILS_NOW_AND_THEN: ('workflow "', "ValueError: too calm"),
    }
    for step, (first, cause) in expected.items():  # one by one: each is to fail by itself
        loaded = load_workflow(_file(tmp_path, stream, step))
        trial = Trial(platform, start(loaded, Settings.load(home=platform.home), EACH_SECOND))
        trial.wait_until_ended("FAILED")
        said = trial.ask(FlinkRest.failure)
        assert said.startswith(first)
        assert cause in said
        assert trial.ask(FlinkRest.failures) == 1
        failed = {"name": trial.name, "state": "failed", "job": trial.started.job_id, "said": said.splitlines()[0]}
        assert failed in _said(platform, "status")["workflows"]


def test_a_first_hundred_records_that_all_fail_end_the_command_with_the_users_own_line(
    platform: Platform, stream: Feed, tmp_path: Path
) -> None:
    path = _file(tmp_path, stream, FAILS_ALWAYS)
    done = subprocess.run(
        [*COMMAND, "run", str(path), "--home", str(platform.home)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    first = done.stderr.splitlines()[0]
    assert first.startswith("error: ")
    assert "in misspelt: KeyError: 'warmht'" in first
    assert "records all failed" in done.stderr


def test_a_stopped_workflow_resumes_with_the_same_numbers_and_a_second_copy_is_refused(
    platform: Platform, stream: Feed
) -> None:
    flow = workflow(stream)
    trial = begin(platform, flow, EACH_SECOND)
    with pytest.raises(Fatal, match=f'workflow "{flow.name}" runs already'):
        begin(platform, flow, EACH_SECOND)
    trial.wait_until_predicted(len(released(stream.written)))
    savepoint = trial.stop()
    stream.write(2_000)
    resumed = begin(platform, flow, EACH_SECOND)
    assert resumed.started.restored_from == savepoint
    resumed.wait_until_predicted(len(released(stream.written)))
    resumed.stop(drain=True)
    order = in_event_time_order(stream.written, PARTITIONS)
    assert resumed.numbers(order) == predictions(stream.written[position] for position in order)


def test_a_cancelled_workflow_goes_on_at_its_newest_checkpoint_and_as_it_was(platform: Platform, stream: Feed) -> None:
    flow = workflow(stream)
    trial = begin(platform, flow, EACH_SECOND)
    trial.wait_until_predicted(len(released(stream.written)))
    running = {"name": flow.name, "state": "running", "job": trial.started.job_id, "said": ""}
    assert running in _said(platform, "status")["workflows"]
    assert _said(platform, "stop", flow.name, "--cancel") == {"workflow": flow.name, "savepoint": None}
    with pytest.raises(Fatal, match="its last run was not bounded"):
        begin(platform, flow, replace(EACH_SECOND, bounded=True))
    resumed = begin(platform, flow, EACH_SECOND)
    assert str(resumed.started.restored_from).endswith(f"/{trial.started.job_id}/chk-{trial.newest_checkpoint()}")
    resumed.stop(drain=True)
    order = in_event_time_order(stream.written, PARTITIONS)
    assert resumed.numbers(order) == predictions(stream.written[position] for position in order)


def _said(platform: Platform, *command: str) -> Any:
    """What the command line says to programs."""
    command = (*COMMAND, *command, "--json", "--home", str(platform.home))
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_of_two_that_start_a_workflow_at_once_one_is_refused(platform: Platform, stream: Feed) -> None:
    flow = workflow(stream)

    def attempt(_: int) -> Trial | Fatal:
        try:
            return begin(platform, flow, EACH_SECOND)
        except Fatal as refusal:
            return refusal

    with ThreadPoolExecutor(2) as threads:
        ended = list(threads.map(attempt, range(2)))
    [trial] = [end for end in ended if isinstance(end, Trial)]
    [refusal] = [end for end in ended if isinstance(end, Fatal)]
    assert "is starting it right now" in str(refusal) or "runs already" in str(refusal)
    with FlinkRest(platform.addresses.flink) as flink:
        assert [job.id for job in flink.jobs() if job.name == flow.name] == [trial.started.job_id]
    trial.wait_until_predicted(len(released(stream.written)))
    trial.stop()


def test_a_service_that_is_away_is_named_with_its_setting(platform: Platform, stream: Feed) -> None:
    away = {"kafka": "127.0.0.1:1", "redis": "redis://127.0.0.1:1"}
    away |= dict.fromkeys(("registry", "flink"), "http://127.0.0.1:1")
    loaded = LoadedWorkflow(workflow(stream), ())

    def said(service: str) -> str:
        with pytest.raises(Fatal) as caught:
            start(loaded, Settings.load(home=platform.home, **{service: away[service]}), EACH_SECOND)
        return str(caught.value)

    with ThreadPoolExecutor() as threads:
        for service, text in zip(away, threads.map(said, away), strict=True):
            assert text.startswith(f"{service} at {away[service]} does not answer")
            assert f"HEADRACE_{service.upper()}" in text
