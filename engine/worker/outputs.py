"""What leaves a worker in frames: results for topics and files, and dead letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from engine.plan import DEAD_LETTERS, Part, Plan
from engine.worker.encoding import Encoded
from models.outcome import Rejection
from models.shard import DECODE
from schemas.codec import Encoder
from schemas.frames import FATAL, NO_EVENT_TIME, OUTPUT_INDEX, Frame, OutputFrame, OutputRecord, pack_output
from schemas.wire import dead_letter_schema

MAX_ERROR_CHARACTERS = 2_000
MAX_KEY_BYTES = 32 << 10  # a dead letter holds the key of its record, and has it as its own key where there is room


class Outputs:
    """Packs what came out of a frame of a part; a record in an output frame is for one of the plan's destinations."""

    def __init__(self, plan: Plan, part: Part, dead_letters_id: int) -> None:
        self._plan = plan
        self._dead = Encoder(dead_letter_schema(), dead_letters_id)
        number = plan.destinations.index
        self._topics = [(number(sink.name), sink.name) for sink in part.sinks.topics]
        self._folders = [(number(sink.name), sink.name) for sink in part.sinks.folders]
        self._given = [(number(given.name), given.name) for given in part.given]

    def frame(
        self, frame: Frame, results: Mapping[str, Encoded], rejected: Iterable[tuple[int, Rejection]], now_ms: int
    ) -> OutputFrame:
        """What to write for the records of `frame`: the results by destination, in their order, then dead letters."""
        parts = [_to_topic(number, frame, results[name], now_ms) for number, name in self._topics]
        parts += [_without_key(number, results[name]) for number, name in self._folders]
        parts += [_to_connectors(number, frame, results[name]) for number, name in self._given]
        letters = self._dead_letters(frame, list(rejected), now_ms)
        return OutputFrame.join([*parts, letters] if letters else parts)

    def _dead_letters(self, frame: Frame, rejected: list[tuple[int, Rejection]], now_ms: int) -> OutputFrame | None:
        if not rejected:
            return None
        keys, headers, values = frame.keys_list(), frame.headers_list(), frame.values_list()
        records = []
        for position, rejection in rejected:
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
            "error": _utf8(str(rejection.error)[:MAX_ERROR_CHARACTERS]).decode(),
            "attempt": int(entry["redriven"]) + 1,
            "failed_at": now_ms,
        }


def _to_topic(number: int, frame: Frame, encoded: Encoded, now_ms: int) -> OutputFrame:
    """A result has the key of its record."""
    positions = encoded.results.positions
    sizes, keys = frame.index["key_size"], frame.keys
    if len(positions) < len(frame):
        of_record = frame.keys_list()
        sizes, keys = sizes[positions], b"".join(of_record[position] or b"" for position in positions.tolist())
    entries = np.zeros(len(positions), OUTPUT_INDEX)
    entries["timestamp"] = now_ms  # by the event time, Kafka's retention would delete what an old record gave
    entries["destination"], entries["key_size"], entries["value_size"] = number, sizes, encoded.sizes
    return OutputFrame(entries, keys, b"", encoded.values)


def _to_connectors(number: int, frame: Frame, encoded: Encoded) -> OutputFrame:
    """Connectors go by the event time."""
    records = _without_key(number, encoded)
    records.index["timestamp"] = frame.index["event_time"][encoded.results.positions]
    return records


def _without_key(number: int, encoded: Encoded) -> OutputFrame:
    """Neither files nor connectors have keys."""
    entries = np.zeros(len(encoded.results), OUTPUT_INDEX)
    entries["destination"], entries["key_size"], entries["value_size"] = number, -1, encoded.sizes
    return OutputFrame(entries, b"", b"", encoded.values)


def fatal_frame(message: str) -> OutputFrame:
    """What makes the JVM stop the job for good, with this message."""
    return pack_output([OutputRecord(FATAL, _utf8(message))])


def _utf8(message: str) -> bytes:
    """What an exception of a user's says may hold surrogates, as a path does that is no text."""
    return message.encode(errors="backslashreplace")
