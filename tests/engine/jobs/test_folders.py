"""Folders in the way of a running workflow, and folders that are added to one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.local.platform import Platform
from engine.workflow import Workflow
from sinks import Folder, Topic
from tests.engine.jobs.reading_files import rows_in, visible
from tests.engine.jobs.readings import Feed, feed
from tests.engine.jobs.trial import LIVE, Trial, begin, classifier, fresh_name
from tests.waiting import wait_until

pytestmark = pytest.mark.services
COUNT = 600


def workflow(name: str, stream: Feed, folders: list[Folder]) -> Workflow:
    flow = Workflow(name)
    model = flow.pipeline("model", flow.source("readings", stream.source()), classifier(), label="rain")
    flow.sink("predictions", model, Topic(f"{name}.predictions"))
    for number, folder in enumerate(folders):
        flow.sink(f"files_{number}", model, folder)
    return flow


def offsets(rows: list[dict[str, int]]) -> list[tuple[int, int]]:
    return sorted((row["partition"], row["offset"]) for row in rows)


def predicted(trial: Trial) -> list[tuple[int, int]]:
    return sorted(trial.predictions())


def test_a_folder_that_cannot_be_written_holds_the_job_up_and_loses_nothing(platform: Platform, tmp_path: Path) -> None:
    in_the_way = tmp_path / "results"
    in_the_way.write_text("a file where the folder should be")
    folders = [Folder(str(in_the_way / kind), kind) for kind in ("avro", "parquet")]
    with feed(platform) as stream:
        stream.write(COUNT)
        trial = begin(platform, workflow(fresh_name(), stream, folders), replace(LIVE, parallelism=2))
        wait_until(lambda: trial.state() == "RESTARTING")
        assert trial.committed(trial.topics["predictions"]) == []
        in_the_way.unlink()
        stream.write(COUNT)
        trial.wait_until_predicted(2 * COUNT)
        trial.stop()
    for folder in folders:
        assert len(predicted(trial)) == 2 * COUNT
        assert offsets(rows_in(folder)) == predicted(trial)
        assert all(file.name.startswith(f"{trial.name}-files_") for file in visible(Path(folder.path)))


def test_a_folder_that_is_added_holds_what_comes_from_then_on(platform: Platform, tmp_path: Path) -> None:
    name, folder = fresh_name(), Folder(str(tmp_path))
    with feed(platform) as stream:
        stream.write(COUNT)
        first = begin(platform, workflow(name, stream, []), LIVE)
        first.wait_until_predicted(COUNT)
        first.stop()
        before = predicted(first)
        stream.write(COUNT)
        second = begin(platform, workflow(name, stream, [folder]), LIVE)
        assert second.started.restored_from is not None
        second.wait_until_predicted(2 * COUNT)
        second.stop()
    assert len(predicted(second)) == 2 * COUNT
    assert offsets(rows_in(folder)) == sorted(set(predicted(second)) - set(before))
    assert max(row["count"] for row in rows_in(folder)) > COUNT  # it went on learning where it was
