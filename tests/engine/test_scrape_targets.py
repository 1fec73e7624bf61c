from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, start_http_server

from engine.jobs.progress import read_progress
from engine.scrape_targets import find_targets, forget_targets, leave_target


def test_what_a_worker_leaves_is_found_until_it_is_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    assert find_targets(folder, "flights") == []
    leave_target(folder, "flights", 9100)
    assert find_targets(folder, "flights") == ["127.0.0.1:9100"]
    [file] = folder.iterdir()
    assert json.loads(file.read_text()) == [{"targets": ["127.0.0.1:9100"], "labels": {"workflow": "flights"}}]
    forget_targets(folder, "flights")
    assert list(folder.iterdir()) == []


def test_a_workflow_whose_name_begins_alike_is_another_one(tmp_path: Path) -> None:
    leave_target(tmp_path, "flights-eu", 9100)
    assert find_targets(tmp_path, "flights") == []
    forget_targets(tmp_path, "flights")
    assert find_targets(tmp_path, "flights-eu") == ["127.0.0.1:9100"]


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", "null", '[{"targets": []}]', '[{"targets": ["a:1"]}]', "[1]"])
def test_a_file_that_is_not_whole_is_passed_over(tmp_path: Path, text: str) -> None:
    leave_target(tmp_path, "flights", 9100)
    (tmp_path / "worker-flights-0.json").write_text(text)
    (tmp_path / "worker-flights-1.json").symlink_to(tmp_path / "gone")
    assert find_targets(tmp_path, "flights") == ["127.0.0.1:9100"]


def test_a_file_that_cannot_be_written_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        leave_target(Path("/proc"), "flights", 9100)  # where nothing can be written
    assert 'workflow "flights": nobody will find its metrics at port 9100' in caplog.text


def test_a_port_that_another_workflow_has_by_now_counts_for_nothing(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    records = Counter("headrace_records_total", "records", ("workflow",), registry=registry)
    records.labels("flights").inc(3)
    records.labels("phishing").inc(5)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        leave_target(tmp_path, "flights", server.server_port)
        twice = json.loads(next(tmp_path.iterdir()).read_text())
        (tmp_path / "worker-flights-0.json").write_text(json.dumps(twice))  # of an ended worker that had this port
        assert read_progress("flights", tmp_path).records == 3
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
