"""The tasks that are measured: their records are of their schemas, and ours goes by compiled twins."""

from __future__ import annotations

import json
from itertools import islice

import pytest

from benchmarks.headrace_job import workflow
from benchmarks.peer import Stream
from benchmarks.peers.drawn import DRAWN
from benchmarks.peers.tasks import TASKS, Task
from engine.planner import make_plan, shipped_schema
from schemas.codec import Decoder, Encoder

RECORDS = 200
each_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())


@each_task
def test_records_are_of_the_schema_and_the_same_each_time(task: Task) -> None:
    schema = json.loads(task.schema_file.read_text())
    records, again = (list(islice(DRAWN[task.record](), RECORDS)) for _ in range(2))
    encoder, decoder = Encoder(schema, 1), Decoder(schema, lambda _: schema)
    assert [decoder.decode(encoder.encode(record)) for record in records] == again


@each_task
def test_there_are_both_labels(task: Task) -> None:
    labels = {record[task.label] for record in islice(DRAWN[task.record](), RECORDS)} if task.label else {True, False}
    assert labels == {True, False}


@each_task
def test_ours_goes_by_compiled_twins(task: Task) -> None:
    plan = make_plan(workflow("bench", Stream("", task.stream(RECORDS), RECORDS), task), shipped_schema)
    assert plan.learner is not None
    choice = plan.learner.choice()
    assert choice is not None
    assert choice.reason is None
