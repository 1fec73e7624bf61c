"""A test runs what leads to the nodes that it asks for, and writes to nothing that others read."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.testing import run
from engine.testing.excerpt import excerpt_of
from engine.testing.inputs import sources_of
from engine.workflow import DataSink, DataSource, Workflow
from schemas.errors import Fatal
from sinks import Console, FeatureStore, Folder, ModelStore, SqlTable, Topic
from sources import KafkaTopic, Span, TopicPattern
from tests.engine.testing.airport import airport, departures


def sinks(workflow: Workflow) -> dict[str, object]:
    return {node.name: node.sink for node in workflow.nodes if isinstance(node, DataSink)}


def sources(workflow: Workflow) -> dict[str, KafkaTopic]:
    return {node.name: node.source for node in workflow.nodes if isinstance(node, DataSource)}


def test_all_of_a_workflow_with_topics_of_its_own(tmp_path: Path) -> None:
    excerpt = excerpt_of(airport(), (), sources_of(airport(), (), None, tmp_path), "_x")
    assert [node.name for node in excerpt.workflow.nodes] == [node.name for node in airport().nodes]
    assert excerpt.workflow.name == "airport_x"
    assert excerpt.workflow.order == "event_time"
    assert sinks(excerpt.workflow) == {
        "origin_wind": FeatureStore("origin"),
        "predictions": Topic("airport_x.predictions"),
        "delay": ModelStore("delay_x"),
    }
    assert excerpt.asked == {name: name for name in sinks(excerpt.workflow)}


def test_a_node_and_what_leads_to_it(tmp_path: Path) -> None:
    excerpt = excerpt_of(airport(), ("windy",), sources_of(airport(), (), None, tmp_path))
    assert [node.name for node in excerpt.workflow.nodes] == ["departures", "weather", "situation", "windy", "asked_0"]
    assert excerpt.asked == {"asked_0": "windy"}
    assert sinks(excerpt.workflow) == {"asked_0": Topic("airport.windy")}


def test_what_a_table_replaces_needs_nothing_before_it() -> None:
    excerpt = excerpt_of(airport(), ("origin_wind",), {"situation": KafkaTopic("situation")})
    assert [node.name for node in excerpt.workflow.nodes] == ["situation", "windy", "origin_wind"]
    assert sources(excerpt.workflow) == {"situation": KafkaTopic("situation")}


@pytest.mark.parametrize("sink", [Console(), Folder("results", "avro"), SqlTable("sqlite:///results.db", "results")])
def test_results_go_nowhere_else(sink: Console | Folder | SqlTable, tmp_path: Path) -> None:
    flow = Workflow("results")
    flow.sink("kept", flow.source("weather", KafkaTopic("weather", schema="weather")), sink)
    excerpt = excerpt_of(flow, (), sources_of(flow, (), None, tmp_path))
    assert sinks(excerpt.workflow) == {"kept": Topic("results.kept")}


def test_sources_without_what_matters_to_real_topics_only(tmp_path: Path) -> None:
    flow = Workflow("results")
    flow.source("some", KafkaTopic(TopicPattern("some_.*"), schema="weather", span=Span(start="latest")))
    flow.source("two", KafkaTopic(("one", "other"), schema="weather", lateness="1m"))
    assert sources_of(flow, (), None, tmp_path) == {
        "some": KafkaTopic("some", schema="weather"),
        "two": KafkaTopic(("one", "other"), schema="weather", lateness="1m"),
    }


def test_names_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match='table "landings": workflow "airport" has no such stream'):
        sources_of(airport(), ["landings"], None, tmp_path)
    with pytest.raises(Fatal, match='table "predictions": workflow "airport" has no such stream'):
        sources_of(airport(), ["predictions"], None, tmp_path)
    with pytest.raises(Fatal, match='workflow "airport": has no node "landings"'):
        excerpt_of(airport(), ("landings",), {})


@pytest.mark.services
def test_a_pipeline_that_no_connector_reads_has_no_table(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match='table "windy": pipeline "windy" gives no stream of its own'):
        sources_of(airport(), ["windy"], None, tmp_path)


def test_a_setting_chooses_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_TEST_ON", "cluster")
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path))
    with pytest.raises(Fatal, match='no address of "kafka", and no platform is up'):
        run(airport(), departures=departures(("UA1", "08:00")))
