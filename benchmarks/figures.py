"""The figures, what each has to reach, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

Tell = Callable[[str], None]
"""Takes a line about what was measured."""


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

    def of_rounds(self, done: Sequence[tuple[float, float]], what: str) -> Row:
        """The row of rounds over `what`, each the rate of the one and of that which it is measured against.

        >>> Figure("speed", 2, "at least").of_rounds([(20, 10), (30, 10), (50, 10)], "90 records").detail
        '90 records, median of the ratios of 3 rounds: 30/s against 10/s'
        """
        ours, theirs = (median(rates) for rates in zip(*done, strict=True))
        how = f"{what}, median of the ratios of {len(done)} rounds: {ours:,.0f}/s against {theirs:,.0f}/s"
        return self.row(median(one / other for one, other in done), how)


@dataclass(frozen=True)
class Row:
    """A figure as it was found."""

    figure: str
    value: float
    unit: str
    target: str
    holds: bool
    detail: str


BARE = Figure("Headrace, one slot, exactly once, predictions in transactions, vs. a bare loop", 3, "at least")
BYTEWAX = Figure("vs. Bytewax 0.21, at least once, same model", 5, "at least")
QUIX = Figure("vs. Quix Streams 3.28, exactly once, the model in its state", 3.5, "at least")
BATCHES = Figure("learn_many in batches of 1,024 vs. Bytewax record by record", 4, "at least")
SMALL_BATCHES = Figure("learn_many in batches of 256 vs. Bytewax record by record", 4, "at least")
MIXED = Figure("12 mixed fields, one-hot and logistic regression, vs. Bytewax 0.21, at least once", 5, "at least")
NAIVE_BAYES = Figure("GaussianNB, exactly once, predictions in transactions, vs. a bare loop", 8, "at least")
TREE = Figure("HoeffdingTreeClassifier, likewise", 3, "at least")
HALF_SPACE = Figure("HalfSpaceTrees behind MinMaxScaler, likewise", 3, "at least")
TREE_ALONE = Figure("Hoeffding tree alone, in memory, vs. MOA's by CapyMOA", 1, "at least")
KEYED = Figure("a logistic regression for each of 100,000 keys, vs. one for all", 0.5, "at least")
INTAKE_PROCESS = Figure(
    "Kafka to columns in a worker, process mode, vs. librdkafka's consumer in Python that counts", 1.2, "at least"
)
INTAKE_THREAD = Figure("likewise, thread mode", 2.5, "at least")
FIRST_MIXED = Figure("first frame of a new process: mixed fields, compiled, later than by river", 2, "at most", "s")
FIRST_TREE = Figure("likewise, a Hoeffding tree", 2, "at most", "s")
DECODING = Figure("a frame of 12 mixed fields to columns vs. fastavro record by record", 15, "at least")
FEATURE = Figure("event → feature readable in Redis at 1,000 events/s, p99", 100, "at most", "ms")
MODEL = Figure("event → scoring API answers with a model that has learned it, p99", 500, "at most", "ms")
SCORING = Figure("scoring API, one worker, vs. a plain FastAPI endpoint with the same model", 0.8, "at least")
YEAR_BEFORE_S = 55.6  # without compiled learners
YEAR = Figure(
    f"the year of 336,776 flights through all joins of its workflow, from what is in Kafka: half of {YEAR_BEFORE_S} s",
    YEAR_BEFORE_S / 2,
    "at most",
    "s",
)
REDRIVE = Figure("100,000 dead letters sent again and taken in, none twice", 30, "at most", "s")
INTERVAL = Figure("interval join into a Python transformer, vs. plain Flink SQL into a black hole", 0.6, "at least")
AS_OF = Figure("as-of join, likewise", 0.6, "at least")
OVER = Figure("1-hour OVER window, likewise", 0.6, "at least")
SESSION = Figure("session window, likewise", 0.6, "at least")
QUIX_AS_OF = Figure("as-of join vs. Quix Streams 3.28, exactly once", 2, "at least")
QUIX_TUMBLING = Figure("tumbling window vs. Quix Streams 3.28, exactly once", 2, "at least")
BYTEWAX_TUMBLING = Figure("tumbling window vs. Bytewax 0.21, at least once", 2, "at least")
BYTEWAX_SESSION = Figure("session window vs. Bytewax 0.21, at least once", 2, "at least")
MORE_RECORDS = Figure("joins and windows over 10 times the records: so many times the time", 11, "at most")
MORE_KEYS = Figure("joins and windows over as many records of 10 times the keys: so many times the time", 11, "at most")
STATE = Figure("state of joins and windows after four event-time days, vs. after one", 1.1, "at most")
MEMORY = Figure("memory of the whole platform while the demo runs", 3, "at most", "GiB")
DEMO = Figure("make demo, the second time", 90, "at most", "s")
TEST = Figure("make test", 600, "at most", "s")
