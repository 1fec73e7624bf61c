from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, start_http_server

from engine.jobs.progress import read_progress
from engine.scrape_targets import find_last, find_targets, forget_targets, leave_last, leave_target


def test_what_a_worker_leaves_is_found_until_it_is_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    assert find_targets(folder, "flights") == []
    leave_target(folder, "flights", "departures-0", 9100)
    assert find_targets(folder, "flights") == ["127.0.0.1:9100"]
    [file] = folder.glob("*.json")
    assert json.loads(file.read_text()) == [{"targets": ["127.0.0.1:9100"], "labels": {"workflow": "flights"}}]
    forget_targets(folder, "flights")
    assert list(folder.iterdir()) == []


def test_a_worker_that_has_ended_is_asked_no_more_and_its_last_words_count(tmp_path: Path) -> None:
    leave_target(tmp_path, "flights", "departures-0", 9100)
    leave_last(
        tmp_path, "flights", "departures-0", 'headrace_records_total{workflow="flights",stream="departures"} 7.0\n'
    )
    assert find_targets(tmp_path, "flights") == []
    assert read_progress("flights", tmp_path).records == 7
    forget_targets(tmp_path, "flights")
    assert list(tmp_path.iterdir()) == []


def test_each_part_in_a_process_has_a_file_of_its_own(tmp_path: Path) -> None:
    for port in (9100, 9101):
        leave_target(tmp_path, "flights", f"stream-{port}", port)
    assert find_targets(tmp_path, "flights") == ["127.0.0.1:9100", "127.0.0.1:9101"]


def test_a_task_that_begins_again_replaces_what_it_left(tmp_path: Path) -> None:
    leave_target(tmp_path, "flights", "departures-0", 9100)
    leave_last(
        tmp_path, "flights", "departures-0", 'headrace_records_total{workflow="flights",stream="departures"} 7.0\n'
    )
    leave_target(tmp_path, "flights", "departures-0", 9101)
    assert find_targets(tmp_path, "flights") == ["127.0.0.1:9101"]
    assert find_last(tmp_path, "flights") == []


def test_a_workflow_whose_name_begins_alike_is_another_one(tmp_path: Path) -> None:
    leave_target(tmp_path, "flights-eu", "departures-0", 9100)
    assert find_targets(tmp_path, "flights") == []
    forget_targets(tmp_path, "flights")
    assert find_targets(tmp_path, "flights-eu") == ["127.0.0.1:9100"]


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", "null", '[{"targets": []}]', '[{"targets": ["a:1"]}]', "[1]"])
def test_a_file_that_is_not_whole_is_passed_over(tmp_path: Path, text: str) -> None:
    leave_target(tmp_path, "flights", "departures-0", 9100)
    (tmp_path / "worker-flights-0.json").write_text(text)
    (tmp_path / "worker-flights-1.json").symlink_to(tmp_path / "gone")
    assert find_targets(tmp_path, "flights") == ["127.0.0.1:9100"]


def test_a_file_that_cannot_be_written_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        leave_target(Path("/proc"), "flights", "departures-0", 9100)  # where nothing can be written
    assert 'workflow "flights": nobody will find the metrics of departures-0' in caplog.text


def test_of_the_parts_of_a_workflow_that_with_the_most_records_counts(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    records = Counter("headrace_records_total", "records", ("workflow", "stream"), registry=registry)
    dead = Counter("headrace_dead_letters_total", "letters", ("workflow", "stream", "reason"), registry=registry)
    for stream, count in (("departures", 5), ("examples", 3)):
        records.labels("flights", stream).inc(count)
        dead.labels("flights", stream, "late").inc()
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        leave_target(tmp_path, "flights", "departures-0", server.server_port)
        progress = read_progress("flights", tmp_path)
        assert (progress.records, progress.dead) == (5, 2)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_port_that_another_workflow_has_by_now_counts_for_nothing(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    records = Counter("headrace_records_total", "records", ("workflow",), registry=registry)
    records.labels("flights").inc(3)
    records.labels("phishing").inc(5)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        leave_target(tmp_path, "flights", "departures-0", server.server_port)
        twice = json.loads(next(tmp_path.glob("*.json")).read_text())
        (tmp_path / "worker-flights-0.json").write_text(json.dumps(twice))  # of an ended worker that had this port
        assert read_progress("flights", tmp_path).records == 3
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
