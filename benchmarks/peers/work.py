"""The work that is the same for all: decode a record, predict, learn; and what is measured of it."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path
from typing import Any

import fastavro
from river import linear_model, preprocessing

BROKER = os.environ["BENCH_KAFKA"]
TOPIC = os.environ["BENCH_TOPIC"]
RECORDS = int(os.environ["BENCH_RECORDS"])
LABEL = "is_phishing"
SCHEMA = fastavro.parse_schema(json.loads((Path(__file__).parents[1] / "page.avsc").read_text()))
HEADER_BYTES = 5


def fresh_model() -> Any:
    return preprocessing.StandardScaler() | linear_model.LogisticRegression()


def predict_and_learn(model: Any, value: bytes) -> float:
    """The probability of true for the record in `value`, before it was learned."""
    stream = io.BytesIO(value)
    stream.seek(HEADER_BYTES)
    x = fastavro.schemaless_reader(stream, SCHEMA)
    y = x.pop(LABEL)
    probability: float = model.predict_proba_one(x).get(True, 0.5)
    model.learn_one(x, y)
    return probability


class Span:
    """From the first record to the last, in seconds; tells the result on standard output."""

    def __init__(self, records: int = RECORDS) -> None:
        self._left = self._records = records
        self._start = 0.0

    @property
    def is_over(self) -> bool:
        return self._left <= 0

    def begin(self) -> None:
        """Call before the work on a record."""
        if self._left == self._records:
            self._start = time.perf_counter()

    def end(self) -> None:
        """Call after it."""
        self._left -= 1
        if self._left == 0:
            seconds = time.perf_counter() - self._start
            print(json.dumps({"records": self._records, "seconds": seconds}), flush=True)
