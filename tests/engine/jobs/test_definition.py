"""What a changed workflow keeps of its state, and what it says it would lose."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from river import linear_model, preprocessing, stats
from typer.testing import CliRunner

from engine.cli.app import app
from engine.jobs.definition import changes, definition_digest, states_of
from engine.jobs.store import Run, RunStore, now
from engine.plan import Plan
from engine.planner import make_plan, shipped_schema
from engine.settings import Settings
from engine.workflow import Pipeline, Workflow
from models import NotNull, Repair, Rules, Unique
from sinks import FeatureStore, ModelStore
from sources import KafkaTopic

SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "r",
    "fields": [{"name": "a", "type": "double"}, {"name": "y", "type": "boolean"}],
}
Row = list[tuple[str, Any]]
SCALED: Row = [("scaled", preprocessing.StandardScaler())]
FILLED: Row = [("filled", preprocessing.StatImputer(("a", stats.Mean())))]
RULES: Row = [("ruled", Rules(NotNull("a")))]
MENDED: Row = [("ruled", Rules(NotNull("a", otherwise=Repair(0.0))))]
REMEMBERING: Row = [("ruled", Rules(Unique("a", within="1h", on="a")))]
Sinks = Callable[[Workflow, Pipeline], None]


def no_sinks(_: Workflow, __: Pipeline) -> None:
    """Leave it at the pipelines."""


def store(flow: Workflow, model: Pipeline) -> None:
    flow.sink("store", model, ModelStore("m"))


def planned(
    row: Row, *, sinks: Sinks = no_sinks, topic: str = "in", order: Any = "arrival", batch: int | None = None
) -> Plan:
    """A plan of transformers in a row, and a model behind them."""
    flow = Workflow("demo", order=order)
    upstream: Any = flow.source("source", KafkaTopic(topic))
    for name, transformer in row:
        upstream = flow.pipeline(name, upstream, transformer)
    sinks(flow, flow.pipeline("model", upstream, linear_model.LogisticRegression(), label="y", batch=batch))
    return make_plan(flow, lambda _: SCHEMA)


def rows_of(ttl: str) -> Sinks:
    def add(flow: Workflow, _: Pipeline) -> None:
        [scaled] = (node for node in flow.nodes if node.name == "scaled")
        assert isinstance(scaled, Pipeline)
        flow.sink("rows", scaled, FeatureStore("a", ttl=ttl))

    return add


@pytest.mark.parametrize(
    ("before", "after", "verdicts", "losing"),
    [
        (planned(SCALED), planned(SCALED), {"unchanged"}, {}),
        (planned(SCALED), planned(FILLED + SCALED), {"unchanged", "new"}, {}),
        (planned(SCALED), planned(SCALED + FILLED), {"unchanged", "new"}, {}),
        (planned([]), planned([], sinks=store), {"unchanged", "new"}, {}),
        (planned([], sinks=store), planned([]), {"unchanged", "gone"}, {}),
        (planned(SCALED), planned([]), {"unchanged", "gone"}, {"scaled": "would go with it"}),
        (planned(RULES), planned(MENDED), {"unchanged", "changed"}, {}),
        (planned(RULES), planned([]), {"unchanged", "gone"}, {}),
        (planned(RULES), planned(REMEMBERING), {"unchanged", "changed"}, {"ruled": "another pipeline"}),
        (planned(REMEMBERING), planned(RULES), {"unchanged", "changed"}, {"ruled": "it has learned"}),
        (planned(RULES, batch=8), planned(MENDED, batch=8), {"unchanged", "changed"}, {"model": "unfinished"}),
        (planned(SCALED + FILLED), planned(FILLED + SCALED), {"unchanged", "changed"}, {"scaled": "place"}),
        (planned([]), planned([], topic="other"), {"unchanged", "changed"}, {"source": "other records"}),
        (planned([]), planned([], batch=8), {"unchanged", "changed"}, {"model": "another pipeline"}),
        (planned([], batch=8), planned(SCALED, batch=8), {"unchanged", "new", "changed"}, {"model": "unfinished"}),
        (planned([]), planned([], order="event_time"), {"unchanged", "changed"}, {"(whole)": "all state"}),
        (
            planned(SCALED, sinks=rows_of("1d")),
            planned(SCALED, sinks=rows_of("2d")),
            {"unchanged", "changed"},
            {"rows": "another definition"},
        ),
    ],
)
def test_each_node_says_what_becomes_of_its_state(
    before: Plan, after: Plan, verdicts: set[str], losing: dict[str, str]
) -> None:
    found = {change.node: change for change in changes(states_of(before), after)}
    assert {change.verdict for change in found.values()} == verdicts
    lost = {name: change.loses for name, change in found.items() if change.loses}
    assert {name: losing[name] in why for name, why in lost.items() if name in losing} == dict.fromkeys(losing, True)
    assert bool(lost) == bool(losing)


def two_sources(*names: str) -> Plan:
    flow = Workflow("demo")
    for name in names:
        flow.pipeline(f"{name}_scaled", flow.source(name, KafkaTopic(name)), preprocessing.StandardScaler())
    return make_plan(flow, lambda _: SCHEMA)


def test_sources_in_another_order_would_lend_each_other_their_state() -> None:
    before, after = two_sources("one", "two", "three"), two_sources("two", "one", "three")
    lost = {change.node: change.loses for change in changes(states_of(before), after) if change.loses}
    assert lost == {"two": "its place among the sources and connectors is another one"}
    assert definition_digest(before) != definition_digest(after)


def test_what_keeps_no_state_is_no_part_of_a_definition() -> None:
    assert definition_digest(planned([])) == definition_digest(planned([], sinks=store))
    assert definition_digest(planned(SCALED)) != definition_digest(planned(SCALED, sinks=rows_of("1d")))


def test_the_command_names_what_would_be_lost_before_it_is(tmp_path: Path) -> None:
    file, settings = tmp_path / "growing.py", Settings.load(home=tmp_path)
    text = """
from river import linear_model, preprocessing
from engine.workflow import Workflow
from sinks import Topic
from sources import KafkaTopic
flow = Workflow("growing")
pages = flow.source("pages", KafkaTopic("pages", schema="phishing", event_time="seen_at"))
model = flow.pipeline("model", pages, linear_model.LogisticRegression(), label="is_phishing")
"""
    file.write_text(text + 'flow.sink("predictions", model, Topic("p"))\n')
    asked = ["plan", str(file), "--json", "--home", str(tmp_path)]
    assert json.loads(CliRunner().invoke(app, asked).stdout) == {"workflow": "growing", "nodes": []}
    workflow = Workflow("growing")
    pages = workflow.source("pages", KafkaTopic("pages", schema="phishing", event_time="seen_at"))
    scaled = workflow.pipeline("scaled", pages, preprocessing.StandardScaler())
    workflow.pipeline("model", scaled, linear_model.LogisticRegression(), label="is_phishing")
    parts = states_of(make_plan(workflow, shipped_schema))
    with RunStore(settings.metadata_url) as runs:
        runs.add(Run("a-job", "growing", 0, "digest", False, now()), parts)
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 1
    assert {node["node"]: node["verdict"] for node in json.loads(done.stdout)["nodes"]} == {
        "pages": "unchanged",
        "scaled": "gone",
        "model": "unchanged",
        "predictions": "new",
    }
