"""How long a new process waits for compiled learners: the time to its first frame, less that of river alone.

python -m benchmarks.first_frame
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import islice
from statistics import median
from typing import Any

import numpy as np

from benchmarks import figures
from benchmarks.figures import Figure, Row, Tell
from benchmarks.peer import ROOT
from benchmarks.peers.drawn import DRAWN
from benchmarks.peers.tasks import TASKS
from models.outcome import Batch, Outcome
from models.stage import Stage
from models.transforms import Transforms
from schemas.column import Column, Numbers, Words
from schemas.errors import Fatal
from schemas.table import Table

RECORDS, ROUNDS = 100, 9  # so few that what is measured is the start
FIGURES = {"mixed": figures.FIRST_MIXED, "tree": figures.FIRST_TREE}


def measure(tell: Tell) -> list[Row]:
    """Starts processes by turns, after one that finds everything on disk for the first time."""
    return [_row(task, figure, tell) for task, figure in FIGURES.items()]


def _row(task: str, figure: Figure, tell: Tell) -> Row:
    _seconds(task, is_compiled=True)
    rounds = [(_seconds(task, is_compiled=True), _seconds(task, is_compiled=False)) for _ in range(ROUNDS)]
    ours, rivers = (median(times) for times in zip(*rounds, strict=True))
    later = [one - other for one, other in rounds]
    said = (
        f"median of {ROUNDS} new processes each: {ours:.2f} s against {rivers:.2f} s by river; at most {max(later):.2f}"
    )
    row = figure.row(median(later), said)
    tell(f"{row.figure}: {row.value} s ({row.detail})")
    return row


def _seconds(task: str, *, is_compiled: bool) -> float:
    command = [sys.executable, "-m", "benchmarks.first_frame", task, *(["compiled"] if is_compiled else [])]
    return float(json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout))


def _first_frame(name: str, *, is_compiled: bool) -> float:
    """The seconds from the import of learners to the end of the first frame, river itself being imported."""
    task = TASKS[name]
    pipeline, records = task.pipeline(), list(islice(DRAWN[task.record](), RECORDS))
    frame = Table({field: _column([record[field] for record in records]) for field in records[0]})
    started = time.perf_counter()
    if is_compiled:
        from models.compiled.learner import CompiledLearner as Learner
    else:
        from models.learner import Learner  # type: ignore[assignment]  # whose process has no numba

    learner = Learner(Stage("model", pipeline, label=task.label))
    learner.run(Batch(frame, [0] * len(frame)), Transforms((), {}, None), Outcome.blank(len(frame), ()))
    took = time.perf_counter() - started
    if is_compiled and not learner.is_in_columns:
        raise Fatal(f"the frame of {name} went by river")
    return took


def _column(values: list[Any]) -> Column:
    there = np.array([value is not None for value in values])
    some = [value for value in values if value is not None]
    if isinstance(some[0], str):
        words = sorted(set(some))
        return Words.of(np.array([words.index(value) if value else -1 for value in values], np.int32), words)
    return Numbers(np.array([type(some[0])() if value is None else value for value in values]), there)


if __name__ == "__main__":
    if sys.argv[1:]:
        print(_first_frame(sys.argv[1], is_compiled="compiled" in sys.argv))
    else:
        measure(print)
