"""What all peers do with a record: decode it, predict, learn; the task is the one that is named to them."""

from __future__ import annotations

import io
import json
import os
from typing import Any

import fastavro
from stream import HEADER_BYTES
from tasks import TASKS

TASK = TASKS[os.environ["BENCH_TASK"]]
SCHEMA = fastavro.parse_schema(json.loads(TASK.schema_file.read_text()))


def fresh_model() -> Any:
    return TASK.pipeline()


def _decoded(value: bytes) -> dict[str, Any]:
    stream = io.BytesIO(value)
    stream.seek(HEADER_BYTES)
    record: dict[str, Any] = fastavro.schemaless_reader(stream, SCHEMA)
    return record


def _classify_and_learn(model: Any, value: bytes) -> float:
    """The probability of true for the record in `value`, before it was learned."""
    x = _decoded(value)
    y = x.pop(TASK.label)
    probability: float = model.predict_proba_one(x).get(True, 0.5)
    model.learn_one(x, y)
    return probability


def _score_and_learn(model: Any, value: bytes) -> float:
    """The score of the record in `value`, before it was learned."""
    x = _decoded(value)
    score: float = model.score_one(x)
    model.learn_one(x)
    return score


predict_and_learn = _classify_and_learn if TASK.label else _score_and_learn
