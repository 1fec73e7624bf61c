"""Databases that are not as they should be, and what is said of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.jobs.store import Run, RunStore
from schemas.errors import Fatal, Retryable


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    with RunStore(f"sqlite:///{tmp_path / 'not' / 'yet' / 'runs.db'}") as runs:
        assert runs.last("flights") is None


def test_a_database_in_memory_needs_no_folder() -> None:
    with RunStore("sqlite://") as runs:
        assert runs.last("flights") is None


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    file.write_text("these are not the tables that were expected" * 100)
    with pytest.raises(Fatal, match=f'database "sqlite:///{file}": file is not a database'):
        RunStore(f"sqlite:///{file}")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Fatal, match=r'database "sqlite:///.*/file/runs\.db": '):
        RunStore(f"sqlite:///{tmp_path / 'file' / 'runs.db'}")


def test_a_database_that_another_process_holds_may_be_tried_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runs.db'}?timeout=0"
    with RunStore(url) as runs, closing(sqlite3.connect(tmp_path / "runs.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Retryable, match="database is locked"):
            runs.stopped("a-job", "a-savepoint")


@pytest.mark.parametrize(
    "url", ["nonsense", "no-such-database://me:secret@somewhere/runs", "postgresql://me:secret@somewhere:port/runs"]
)
def test_a_url_that_names_no_database_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Fatal, match='setting "metadata"') as caught:
        RunStore(url)
    assert "secret" not in str(caught.value)


def test_a_driver_that_is_not_installed_is_named() -> None:
    with pytest.raises(Fatal, match='module "oracledb", is not installed') as caught:
        RunStore("oracle+oracledb://me:secret@somewhere/runs")
    assert "secret" not in str(caught.value)


def test_the_last_run_is_remembered_with_its_range() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    ranged = Run("b2", "flights", 1, "digest", True, at + timedelta(hours=1), event_range="2013 to 2014")
    plain = Run("c3", "flights", 1, "digest", False, at + timedelta(hours=2), "file:/savepoint")
    with RunStore("sqlite://") as runs:
        for run in (ranged, plain):
            runs.add(run)
            last = runs.last("flights")
            assert last is not None
            assert (last.job_id, last.event_range, last.restored_from) == (
                run.job_id,
                run.event_range,
                run.restored_from,
            )


def test_a_topic_keeps_its_number_whatever_comes_and_goes() -> None:
    with RunStore("sqlite://") as runs:
        assert runs.number_topics("flights", "weather", ["b", "c"]) == ("b", "c")
        assert runs.number_topics("flights", "weather", ["a", "c"]) == ("b", "c", "a")
        assert runs.number_topics("flights", "weather", ["b", "d"]) == ("b", "c", "a", "d")
        assert runs.number_topics("flights", "landings", ["d"]) == ("d",)
