"""A Hoeffding tree over records in memory, beside MOA's: the learners alone, in one thread each.

python -m benchmarks.tree_alone
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import numpy as np

from benchmarks import figures
from benchmarks.figures import Row, Tell
from benchmarks.peer import Peer, Stream, rate
from benchmarks.peers.drawn import DRAWN
from benchmarks.peers.tasks import TASKS
from engine.flink.configuration import JobSettings
from engine.jars import java_home
from models.compiled.pipeline import CompiledPipeline
from models.compiled.rows import of_grid
from models.compiled.twin import Answers
from schemas.kernel import FloatGrid, Floats

TASK = TASKS["tree"]
FRAME = JobSettings().frame_records
WARM = 20_000  # records after which all is compiled


def measure(records: int, rounds: int, tell: Tell) -> list[Row]:
    """The figure about trees, by turns with MOA, whose first run in each of its processes does not count."""
    names, grid, classes = _drawn(records)
    _learn(names, grid[:WARM], classes[:WARM])
    done = [_round(names, grid, classes, tell) for _ in range(rounds)]
    return [figures.TREE_ALONE.of_rounds(done, f"{records:,} records in memory")]


def _round(names: list[str], grid: FloatGrid, classes: Floats, tell: Tell) -> tuple[float, float]:
    """Records a second, ours and MOA's."""
    started = time.perf_counter()
    answers = _learn(names, grid, classes)
    ours = len(grid) / (time.perf_counter() - started)
    moa = Peer("moa_tree", {"JAVA_HOME": str(java_home())}).run(Stream("", "", len(grid)))
    right = sum(_right(answers, classes)) / len(grid)
    tell(
        f"Hoeffding tree alone: {ours:,.0f}/s, {right:.4f} right; MOA's {rate(moa):,.0f}/s, {moa['accuracy']:.4f} right"
    )
    return ours, rate(moa)


def _drawn(records: int) -> tuple[list[str], FloatGrid, Floats]:
    """The features by name, their values, `(records, features)`, and the class of each record as a number."""
    drawn = DRAWN[TASK.record]
    *names, _ = next(drawn())
    rows = np.fromiter((list(record.values()) for record in islice(drawn(), records)), (np.float64, len(names) + 1))
    return names, np.ascontiguousarray(rows[:, :-1]), rows[:, -1].copy()


def _learn(names: list[str], grid: FloatGrid, classes: Floats) -> list[Answers]:
    """What was said of the records, in frames, each before it was learned."""
    compiled = CompiledPipeline(TASK.pipeline())
    compiled.expect(dict.fromkeys(names, False))
    numbers, y = compiled.known.fields(names), compiled.known.classes.numbers([False, True])[classes.astype(int)]
    found = []
    for start in range(0, len(grid), FRAME):
        of = slice(start, start + FRAME)
        answers = compiled.learn(of_grid(numbers, grid[of]), y[of].astype(np.float64))
        assert answers is not None
        found.append(answers)
    return found


def _right(answers: list[Answers], classes: Floats) -> Iterator[int]:
    """How many predictions of each frame were right."""
    start = 0
    for said in answers:
        assert said.probabilities is not None
        likeliest = said.probabilities.argmax(axis=1)
        chosen = likeliest if said.order is None else np.take_along_axis(said.order, likeliest[:, None], 1)[:, 0]
        predicted = np.array([float(known is True) for known in said.classes])[chosen]
        yield int((predicted == classes[start : start + len(predicted)]).sum())
        start += len(predicted)
