"""Made-up records as a source: for tests, and to plan capacity."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, islice
from math import ceil
from random import Random
from typing import Any

from schemas.avro import read_schema
from schemas.durations import parse_duration
from schemas.errors import Fatal
from sources.feeder import Batch, Damaged, Feeder, Position, Reading, Record
from sources.synthetic import maker

BLOCK = 1_000
"""Records that one source of chance makes, so that making can begin anywhere."""
SHORTEST_WAIT_S = 0.05
_PLACE = "number"


@dataclass(frozen=True)
class Trouble:
    """What is wrong with made-up records, as shares of them, and when.

    `disorder` is how far at most an event time is moved back: with a lateness as long none of them is late. A duplicate
    repeats the record before it, a corrupt one is cut short. From record `drift_from` on numbers have moved by `drift`
    standard deviations.

    >>> Trouble(disorder="10s", duplicates=0.01, corrupt=0.001, drift=2.0, drift_from=50_000).disorder
    '10s'
    """

    disorder: str = "0s"
    duplicates: float = 0.0
    corrupt: float = 0.0
    drift: float = 0.0
    drift_from: int = 0

    def __post_init__(self) -> None:
        parse_duration(self.disorder)
        for name, share in (("duplicates", self.duplicates), ("corrupt", self.corrupt)):
            if not 0 <= share <= 1:
                raise Fatal(f"generator: {name} is {share}, expected a share between 0 and 1")


@dataclass(frozen=True)
class Clockwork:
    """The event times of made-up records: the field that has them, the first, and how far one is from the next.

    >>> Clockwork("seen_at", step="100ms").step
    '100ms'
    """

    field: str
    first: str = "2025-01-01T00:00:00+00:00"
    step: str = "1s"

    def at(self, number: int) -> datetime:
        """The event time of a record that is in order."""
        return datetime.fromisoformat(self.first) + number * parse_duration(self.step)


@dataclass(frozen=True)
class Generator(Feeder):
    """Made-up records of an Avro schema, one that ships or a path to an .avsc file; the same for the same `seed`.

    It ends after `records`, or never, and makes `rate` of them a second, or as many as are taken. Delivery: exactly
    once; the position is the number of the record.

    >>> made = Generator("phishing", Clockwork("seen_at"), seed=7, records=2).open({})
    >>> [record["seen_at"].isoformat() for record in made.read().records]
    ['2025-01-01T00:00:00+00:00', '2025-01-01T00:00:01+00:00']
    """

    schema: str
    event_time: Clockwork | None = None
    seed: int = 0
    records: int | None = None
    rate: float | None = None
    trouble: Trouble = Trouble()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rate is not None and self.rate <= 0:
            raise Fatal(f'generator "{self.schema}": rate is {self.rate}, expected more than 0')

    def open(self, position: Position) -> GeneratorReading:
        return GeneratorReading(self, position)


class GeneratorReading(Reading):
    """Records that are being made; `clock` gives seconds."""

    def __init__(self, generator: Generator, position: Position, clock: Callable[[], float] = time.monotonic) -> None:
        self._generator = generator
        self._schema = read_schema(generator.schema, "generator")
        self._make = maker(self._schema)
        self._disorder_s = parse_duration(generator.trouble.disorder).total_seconds()
        self._number = self._begun = int(position.get(_PLACE, 0))
        end = generator.records
        self._records = islice(self._from(self._number), None if end is None else max(0, end - self._number))
        self._clock = clock
        self._began_s = clock()

    def read(self) -> Batch | None:
        rate = self._generator.rate
        size = BLOCK if rate is None else min(BLOCK, ceil(rate * SHORTEST_WAIT_S))
        records = list(islice(self._records, size))
        if not records:
            return None
        first, self._number = self._number, self._number + len(records)
        return Batch(records, {_PLACE: self._number}, f'generator "{self._generator.schema}"', first, self._ahead_s())

    def schema(self) -> dict[str, Any] | None:
        return self._schema

    def close(self) -> None:
        pass  # nothing is open

    def _ahead_s(self) -> float:
        """How many seconds too early the next record is."""
        if self._generator.rate is None:
            return 0.0
        return max(0.0, (self._number - self._begun) / self._generator.rate - (self._clock() - self._began_s))

    def _from(self, number: int) -> Iterator[Record | Damaged]:
        for block in count(number // BLOCK):
            yield from islice(self._block(block), max(0, number - block * BLOCK), None)

    def _block(self, block: int) -> Iterator[Record | Damaged]:
        trouble = self._generator.trouble
        chance = Random(f"{self._generator.seed}/{block}")
        record: Record = {}
        for number in range(block * BLOCK, (block + 1) * BLOCK):
            if not record or chance.random() >= trouble.duplicates:
                record = self._record(number, chance)
            yield Damaged(record, chance.random()) if chance.random() < trouble.corrupt else record

    def _record(self, number: int, chance: Random) -> Record:
        trouble, event_time = self._generator.trouble, self._generator.event_time
        record: Record = self._make(chance, trouble.drift if number >= trouble.drift_from else 0.0)
        if event_time is not None:
            back = timedelta(milliseconds=round(chance.uniform(0, self._disorder_s) * 1000))
            record[event_time.field] = event_time.at(number) - back
        return record
