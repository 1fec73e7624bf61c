from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.cli.app import app
from engine.jobs.store import Run, RunStore, now
from engine.settings import Settings

PHISHING = "workflows/phishing.py"


def headrace(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command as a user does, so that errors are printed as users see them."""
    program = "from engine.cli import main; main()"
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_check_lists_the_nodes() -> None:
    done = CliRunner().invoke(app, ["check", PHISHING, "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["nodes"] == ["pages", "signs", "model", "phishing", "predictions"]


def test_explain_shows_graph_and_physical_plan() -> None:
    done = CliRunner().invoke(app, ["explain", PHISHING, "--parallelism", "2"])
    assert done.exit_code == 0
    assert "pipeline  model <- signs: classifier, label is_phishing" in done.stdout
    assert "physical plan, parallelism 2" in done.stdout
    assert "signs + model, a call a frame" in done.stdout


@pytest.mark.parametrize(
    "command",
    ["run", "stop", "explain", "plan", "check", "ledger", "up", "status", "down", "demo", "feed", "feeders"],
)
def test_help_has_examples(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert f"headrace {command}" in done.stdout


@pytest.mark.parametrize("command", ["ls", "show", "redrive"])
def test_help_on_dead_letters_has_examples(command: str) -> None:
    done = CliRunner().invoke(app, ["dead", command, "--help"])
    assert done.exit_code == 0
    assert f"headrace dead {command}" in done.stdout


def test_a_run_that_was_bounded_takes_no_dead_letters(tmp_path: Path) -> None:
    with RunStore(Settings.load(home=tmp_path).metadata_url) as runs:
        runs.add(Run("a-job", "over", 0, "digest", True, now()))
    nowhere = ["--kafka", "127.0.0.1:1", "--registry", "http://127.0.0.1:1", "--home", str(tmp_path)]
    done = headrace("dead", "redrive", "over", *nowhere)
    assert done.returncode == 1
    assert 'workflow "over": its last run was bounded' in done.stderr


def test_a_time_that_is_none_is_refused_with_its_option() -> None:
    done = CliRunner().invoke(app, ["dead", "ls", "flights", "--since", "yesterday"])
    assert done.exit_code == 2
    assert "--since" in done.stderr


def test_a_workflow_that_is_wrong_is_one_error_and_no_traceback_of_ours(tmp_path: Path) -> None:
    file = tmp_path / "wrong_workflow.py"
    file.write_text("from engine.workflow import Workflow\nflow = Workflow('Wrong')\n")
    done = headrace("check", str(file))
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == 'error: workflow "Wrong": not a name'
    assert "hint: " in done.stderr


def test_without_a_platform_the_hint_says_how_to_start_one(tmp_path: Path) -> None:
    done = headrace("run", PHISHING, "--home", str(tmp_path))
    assert done.returncode == 1
    assert "headrace up" in done.stderr


def test_a_service_that_is_away_is_named_with_its_setting(tmp_path: Path) -> None:
    options = ["--kafka", "127.0.0.1:1", "--redis", "redis://127.0.0.1:1", "--registry", "http://127.0.0.1:1"]
    done = headrace("up", "--home", str(tmp_path), *options)
    assert done.returncode == 1
    assert "kafka at 127.0.0.1:1 does not answer" in done.stderr
    assert "--kafka (HEADRACE_KAFKA)" in done.stderr


@pytest.mark.parametrize("every", ["3x", "0s"])
def test_an_interval_that_is_none_is_refused_with_its_option(every: str) -> None:
    done = CliRunner().invoke(app, ["run", PHISHING, "--checkpoint-every", every])
    assert done.exit_code == 2
    assert "--checkpoint-every" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "2013-02-01", "--to", "2013-01-01"], "is not before"),
        (["--from", "soon"], 'instant "soon": expected a date'),
        (["--backfill", "--bounded"], "a backfill goes on with what comes"),
        (["--backfill", "--to", "2013-01-01"], "a backfill goes on with what comes"),
    ],
)
def test_options_that_contradict_each_other_are_refused_before_anything_starts(options: list[str], said: str) -> None:
    done = headrace("run", PHISHING, *options)
    assert done.returncode == 1
    assert said in done.stderr


def test_check_lists_a_source_of_many_settings(tmp_path: Path) -> None:
    file = tmp_path / "january.py"
    file.write_text(
        "from datetime import UTC, datetime\nfrom river import preprocessing\nfrom engine.workflow import Workflow\n"
        "from sources import KafkaTopic, Span, TopicPattern\nflow = Workflow('january')\n"
        "topic = KafkaTopic(TopicPattern('pages_.*'), 'seen_at', schema='phishing', heartbeat='1h',\n"
        "    span=Span(start=datetime(2013, 1, 1, tzinfo=UTC)))\n"
        "flow.pipeline('scaled', flow.source('pages', topic), preprocessing.StandardScaler())\n"
    )
    done = CliRunner().invoke(app, ["check", str(file), "--json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)["sources"]["pages"]
    assert (told["topic"], told["span"]["start"]) == ({"pattern": "pages_.*"}, "2013-01-01 00:00:00+00:00")
    done = CliRunner().invoke(app, ["explain", str(file)])
    assert 'topic "pages_.*"' in done.stdout
    assert "heartbeat 1h" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [(["flights", "--rate", "5", "--speed", "2"], "contradict"), (["planes", "--speed", "2"], "have no instant")],
)
def test_a_replay_needs_instants_and_no_rate(options: list[str], said: str) -> None:
    done = headrace("feed", *options, "--kafka", "127.0.0.1:1", "--registry", "http://127.0.0.1:1")
    assert done.returncode != 0
    assert said in done.stderr
