"""The figures, what each has to reach, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """Something to measure, and the `target` it is to reach: at least, or at most, so much of `unit`.

    >>> speed = Figure("vs. Bytewax", 1.25, "at least")
    >>> speed.row(1.5, "3 rounds").holds, speed.wanted
    (True, '≥ 1.25')
    """

    name: str
    target: float
    sense: Literal["at least", "at most"]
    unit: str = ""

    @property
    def wanted(self) -> str:
        return f"{'≥' if self.sense == 'at least' else '≤'} {self.target:g} {self.unit}".rstrip()

    def row(self, value: float, detail: str) -> Row:
        """The row of what was found; `detail` says how."""
        holds = value >= self.target if self.sense == "at least" else value <= self.target
        return Row(self.name, round(value, 3), self.unit, self.wanted, holds, detail)


@dataclass(frozen=True)
class Row:
    """A figure as it was found."""

    figure: str
    value: float
    unit: str
    target: str
    holds: bool
    detail: str


BARE = Figure("Headrace, one slot, exactly once, predictions in transactions, vs. a bare loop", 0.75, "at least")
BYTEWAX = Figure("vs. Bytewax 0.21, at least once, same model", 1.25, "at least")
QUIX = Figure("vs. Quix Streams 3.28, exactly once, the model in its state", 3.5, "at least")
BATCHES = Figure("learn_many in batches of 1,024 vs. Bytewax record by record", 4, "at least")
SMALL_BATCHES = Figure("learn_many in batches of 256 vs. Bytewax record by record", 4, "at least")
FEATURE = Figure("event → feature readable in Redis at 1,000 events/s, p99", 100, "at most", "ms")
MODEL = Figure("event → scoring API answers with a model that has learned it, p99", 500, "at most", "ms")
SCORING = Figure("scoring API, one worker, vs. a plain FastAPI endpoint with the same model", 0.8, "at least")
REDRIVE = Figure("100,000 dead letters sent again and taken in, none twice", 30, "at most", "s")
MEMORY = Figure("memory of the whole platform while the demo runs", 3, "at most", "GiB")
DEMO = Figure("make demo, the second time", 90, "at most", "s")
TEST = Figure("make test", 600, "at most", "s")
