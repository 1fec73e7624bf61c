"""Outcomes to output frames: predictions and dead letters, each for its topic."""

from __future__ import annotations

from typing import Any

from engine.plan import DEAD_LETTERS, Plan
from models.outcome import Outcome, Prediction, Rejection
from models.shard import DECODE
from schemas.codec import Encoder
from schemas.frames import FATAL, NO_EVENT_TIME, Frame, OutputRecord
from schemas.wire import dead_letter_schema, prediction_schema

MAX_ERROR_CHARACTERS = 2_000


class Outputs:
    """Encodes what came out of a frame; the topics are positions in the plan's list."""

    def __init__(self, plan: Plan, output_ids: tuple[int, ...]) -> None:
        self._plan = plan
        self._dead = Encoder(dead_letter_schema(), output_ids[DEAD_LETTERS])
        self._topics = range(1, len(plan.topics))
        self._encoders = [Encoder(prediction_schema(plan.label_type), output_ids[topic]) for topic in self._topics]
        self._fields = _probability_fields(plan)

    def frame(self, frame: Frame, outcome: Outcome, epoch: int, now_ms: int) -> list[OutputRecord]:
        """The records to write for the records of `frame`."""
        records = self._predictions(frame, outcome, epoch) if self._encoders else []
        if outcome.rejected:
            keys, headers, values = frame.keys_list(), frame.headers_list(), frame.values_list()
            for position, rejection in outcome.rejected.items():
                letter = self._dead_letter(frame.index[position], rejection, now_ms)
                letter |= {"key": keys[position], "headers": headers[position] or None, "value": values[position]}
                records.append(OutputRecord(DEAD_LETTERS, self._dead.encode(letter), keys[position], timestamp=now_ms))
        return records

    def _predictions(self, frame: Frame, outcome: Outcome, epoch: int) -> list[OutputRecord]:
        index, keys, fields = frame.index, frame.keys_list(), self._fields
        records = []
        for key, partition, offset, event_time, prediction in zip(
            keys,
            index["partition"].tolist(),
            index["offset"].tolist(),
            index["event_time"].tolist(),
            outcome.predictions,
            strict=True,
        ):
            if prediction is None:
                continue
            said = {
                "partition": partition,
                "offset": offset,
                "event_time": event_time,
                "prediction": prediction.prediction,
                "epoch": epoch,
                "count": prediction.count,
                **fields(prediction),
            }
            for topic, encoder in zip(self._topics, self._encoders, strict=True):
                records.append(OutputRecord(topic, encoder.encode(said), key, timestamp=max(0, event_time)))
        return records

    def _dead_letter(self, entry: Any, rejection: Rejection, now_ms: int) -> dict[str, Any]:
        event_time = int(entry["event_time"])
        return {
            "workflow": self._plan.workflow,
            "topic": self._plan.topic.topic,
            "partition": int(entry["partition"]),
            "offset": int(entry["offset"]),
            "event_time": None if event_time == NO_EVENT_TIME else event_time,
            "node": self._plan.source.name if rejection.node == DECODE else rejection.node,
            "reason": rejection.error.reason,
            "error": str(rejection.error)[:MAX_ERROR_CHARACTERS],
            "attempt": 1,
            "failed_at": now_ms,
        }


def fatal_record(message: str) -> OutputRecord:
    """The record that makes the JVM stop the job for good, with this message."""
    return OutputRecord(FATAL, message.encode())


def _probability_fields(plan: Plan) -> Any:
    if plan.estimator is None:
        return None
    if plan.label_type == "boolean":
        return lambda prediction: {"probability": _of_true(prediction)}
    if plan.label_type == "double":
        return lambda _: {}
    return lambda prediction: {"probabilities": {str(k): v for k, v in (prediction.probabilities or {}).items()}}


def _of_true(prediction: Prediction) -> float | None:
    return None if prediction.probabilities is None else prediction.probabilities.get(True)
