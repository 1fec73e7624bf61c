from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.flink.configuration import JobSettings
from engine.flink.event_range import EventRange
from engine.flink.rest import Remembered, RestorePoint
from engine.jobs.resuming import check_resumed, newest_checkpoint, resume_point
from engine.jobs.store import Run
from schemas.errors import Fatal

LAST = Run("a1", "flights", 1, "digest", False, datetime(2026, 1, 1, tzinfo=UTC), restored_from="file:/before")
BOUNDED = replace(LAST, bounded=True)
SAVEPOINT, EARLIER, LATER = (RestorePoint(number, f"file:/{number}") for number in (5, 4, 6))


@pytest.mark.parametrize(
    ("last", "remembered", "checkpoint", "expected"),
    [
        (replace(BOUNDED, savepoint="file:/stopped"), None, LATER, "file:/stopped"),
        (LAST, Remembered(SAVEPOINT, ended=False), EARLIER, SAVEPOINT.url),
        (LAST, Remembered(SAVEPOINT, ended=False), LATER, LATER.url),
        (LAST, Remembered(SAVEPOINT, ended=False), None, SAVEPOINT.url),
        (LAST, None, LATER, LATER.url),
        (LAST, Remembered(None, ended=False), None, "file:/before"),
        (LAST, None, None, "file:/before"),
        (BOUNDED, None, LATER, LATER.url),
        (BOUNDED, Remembered(None, ended=False), None, "file:/before"),
    ],
)
def test_a_workflow_goes_on_at_the_newest_state(
    last: Run, remembered: Remembered | None, checkpoint: RestorePoint | None, expected: str
) -> None:
    assert resume_point(last, remembered, checkpoint) == expected


def test_a_run_that_came_to_its_end_is_not_resumed_at_a_savepoint_on_the_way() -> None:
    with pytest.raises(Fatal, match="came to its end"):
        resume_point(LAST, Remembered(SAVEPOINT, ended=True), None)


def test_a_bounded_run_without_a_trace_may_have_ended() -> None:
    with pytest.raises(Fatal, match="was bounded and left no trace") as caught:
        resume_point(BOUNDED, None, None)
    assert "--fresh" in caught.value.hint


def test_the_newest_checkpoint_is_the_last_complete_one(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path.as_uri(), "a1") is None
    for number in (9, 10, 11):
        (tmp_path / "a1" / f"chk-{number}").mkdir(parents=True)
    for number in (9, 10):
        (tmp_path / "a1" / f"chk-{number}" / "_metadata").touch()
    assert newest_checkpoint(tmp_path.as_uri(), "a1") == RestorePoint(10, (tmp_path / "a1" / "chk-10").as_uri())


JANUARY, JUNE = EventRange.parse("2013-01-01", "2013-02-01"), EventRange.parse("2013-06-01", None)
RANGED = replace(BOUNDED, event_range=str(JANUARY))


@pytest.mark.parametrize(
    ("last", "job", "said"),
    [
        (LAST, JobSettings(bounded=True), "its last run was not bounded"),
        (RANGED, JobSettings(), "its last run was bounded"),
        (RANGED, JobSettings(bounded=True), "were from 2013-01-01T00:00:00.00:00 to 2013-02-01"),
        (RANGED, JobSettings(bounded=True, event_range=JUNE), "were from 2013-01-01"),
        (BOUNDED, JobSettings(bounded=True, event_range=JUNE), "were not limited"),
        (LAST, JobSettings(backfill=True), "a backfill starts at the begin"),
    ],
)
def test_a_run_that_would_read_something_else_is_not_resumed(last: Run, job: JobSettings, said: str) -> None:
    with pytest.raises(Fatal, match=said) as refused:
        check_resumed(last, job)
    assert "--fresh" in refused.value.hint


def test_a_run_that_reads_the_same_is_resumed() -> None:
    check_resumed(LAST, JobSettings())
    check_resumed(RANGED, JobSettings(bounded=True, event_range=JANUARY))
