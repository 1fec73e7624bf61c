"""Outcomes to output frames: predictions and dead letters, each for its topic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.plan import DEAD_LETTERS, Plan
from models.outcome import Outcome, Prediction, Rejection
from models.shard import DECODE
from schemas.codec import Encoder
from schemas.columns import Column, ColumnEncoder
from schemas.frames import FATAL, NO_EVENT_TIME, OUTPUT_INDEX, Frame, OutputFrame, OutputRecord, pack_output
from schemas.wire import dead_letter_schema

MAX_ERROR_CHARACTERS = 2_000
MAX_KEY_BYTES = 32 << 10  # a dead letter holds the key of its record, and has it as its own key where there is room


class Outputs:
    """Encodes what came out of a frame; the topics are positions in the plan's list."""

    def __init__(self, plan: Plan, output_ids: tuple[int, ...]) -> None:
        self._plan = plan
        self._dead = Encoder(dead_letter_schema(), output_ids[DEAD_LETTERS])
        topics = range(1, len(plan.topics))
        self._encoders = [(topic, ColumnEncoder(plan.prediction_schema, output_ids[topic])) for topic in topics]
        self._by_topic = "topic" in (field["name"] for field in plan.prediction_schema["fields"]) if topics else False
        self._probabilities = _probability_column(plan)

    def frame(self, frame: Frame, outcome: Outcome, epoch: int, now_ms: int) -> OutputFrame:
        """What to write for the records of `frame`: predictions in their order, then dead letters."""
        parts = self._predictions(frame, outcome, epoch, now_ms) if self._encoders else []
        if outcome.rejected:
            parts.append(self._dead_letters(frame, outcome, now_ms))
        return OutputFrame.join(parts)

    def _predictions(self, frame: Frame, outcome: Outcome, epoch: int, now_ms: int) -> list[OutputFrame]:
        predictions = [prediction for prediction in outcome.predictions if prediction is not None]
        index, keys = frame.index, frame.keys
        if len(predictions) < len(frame):
            said = np.array([prediction is not None for prediction in outcome.predictions], np.bool_)
            index = index[said]
            keys = b"".join(key or b"" for key, kept in zip(frame.keys_list(), said.tolist(), strict=True) if kept)
        columns = {
            **self._places(index["partition"]),
            "offset": index["offset"],
            "event_time": index["event_time"],
            "prediction": [prediction.prediction for prediction in predictions],
            **self._probabilities(predictions),
            "epoch": np.full(len(predictions), epoch),
            "count": [prediction.count for prediction in predictions],
        }
        entries = np.zeros(len(predictions), OUTPUT_INDEX)
        entries["timestamp"] = now_ms  # by the event time, Kafka's retention would delete what an old record gave
        entries["key_size"] = index["key_size"]
        return [_part(topic, encoder, entries.copy(), keys, columns) for topic, encoder in self._encoders]

    def _places(self, numbers: npt.NDArray[np.int32]) -> dict[str, Column]:
        if not self._by_topic:
            return {"partition": numbers}
        places = [self._plan.feed.place(number) for number in numbers.tolist()]
        return {"topic": [topic for topic, _ in places], "partition": [partition for _, partition in places]}

    def _dead_letters(self, frame: Frame, outcome: Outcome, now_ms: int) -> OutputFrame:
        keys, headers, values = frame.keys_list(), frame.headers_list(), frame.values_list()
        records = []
        for position, rejection in outcome.rejected.items():
            letter = self._dead_letter(frame.index[position], rejection, now_ms)
            letter |= {"key": keys[position], "headers": headers[position] or None, "value": values[position]}
            key = keys[position] if len(keys[position] or b"") <= MAX_KEY_BYTES else None
            records.append(OutputRecord(DEAD_LETTERS, self._dead.encode(letter), key, timestamp=now_ms))
        return pack_output(records)

    def _dead_letter(self, entry: Any, rejection: Rejection, now_ms: int) -> dict[str, Any]:
        event_time = int(entry["event_time"])
        stream = self._plan.streams[entry["source"]]
        topic, partition = stream.place(int(entry["partition"]))
        return {
            "workflow": self._plan.workflow,
            "topic": topic,
            "partition": partition,
            "offset": int(entry["offset"]),
            "event_time": None if event_time == NO_EVENT_TIME else event_time,
            "arrival": int(entry["arrival"]),
            "node": stream.name if rejection.node == DECODE else rejection.node,
            "reason": rejection.error.reason,
            "error": str(rejection.error)[:MAX_ERROR_CHARACTERS],
            "attempt": int(entry["redriven"]) + 1,
            "failed_at": now_ms,
        }


def _part(
    topic: int, encoder: ColumnEncoder, entries: npt.NDArray[np.void], keys: bytes, columns: dict[str, Column]
) -> OutputFrame:
    values, sizes = encoder.encode(columns)
    entries["topic"] = topic
    entries["value_size"] = sizes
    return OutputFrame(entries, keys, b"", values)


def fatal_frame(message: str) -> OutputFrame:
    """What makes the JVM stop the job for good, with this message."""
    return pack_output([OutputRecord(FATAL, message.encode())])


def _probability_column(plan: Plan) -> Callable[[list[Prediction]], dict[str, Column]]:
    if plan.estimator is None or plan.label_type == "double":
        return lambda _: {}
    if plan.label_type == "boolean":
        return lambda predictions: {"probability": [p[1].get(True) if p[1] else None for p in predictions]}
    return lambda predictions: {
        "probabilities": [{str(label): p for label, p in (said[1] or {}).items()} for said in predictions]
    }
