"""Frames to batches of records: Avro decoded, and what the JVM has refused turned into errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.plan import PlannedSource, Stream
from models.outcome import Batch
from schemas.codec import Decoder
from schemas.errors import BadRecord
from schemas.frames import Frame, Status

_WHY = {
    Status.NULL_VALUE: "the value is null",
    Status.NO_MAGIC: "expected a zero byte and a schema id",
    Status.UNKNOWN_SCHEMA: "the registry knows no such schema id",
    Status.CORRUPT: "the bytes are not one record of their schema",
    Status.WRONG_TYPE: "the writer's schema does not fit the one that the workflow reads with",
    Status.NOT_FINITE: "a float is not finite",
    Status.TOO_LARGE: "key, headers and value are larger than a frame may be",
    Status.UNKNOWN_STREAM: "it was sent again, and is of no stream that the workflow has",
}


class FrameDecoder:
    """Decodes the frames of one part; the same frame always gives the same batch.

    `streams` are those of the plan, whose numbers the frames name; `feed` is the one that the part is on. What is not
    counted was counted before: what was sent again, and what other streams have refused.
    """

    def __init__(self, streams: Sequence[Stream], feed: Stream, decoder: Decoder) -> None:
        self._feed = streams.index(feed)
        self._decoder = decoder
        self._why = [_why(stream) for stream in streams]

    def decode(self, frame: Frame) -> Batch:
        """The records of a frame, in order."""
        event_times = frame.index["event_time"].tolist()
        elsewhere = (frame.index["redriven"] != 0) | (frame.index["source"] != self._feed)
        uncounted = elsewhere.tolist() if elsewhere.any() else ()
        places = frame.index["status"].nonzero()[0].tolist()
        refused = {position: self._refusal(frame.index[position]) for position in places}
        records = self._decoder.decode_joined(frame.values, frame.index["value_size"], refused)
        return Batch(records, event_times, uncounted)

    def _refusal(self, entry: Any) -> BadRecord:
        status = Status(int(entry["status"]))
        return BadRecord(status.name.lower(), self._why[entry["source"]][status])


def _why(stream: Stream) -> dict[Status, str]:
    """Why a record of a stream is refused, by status; what connectors make is refused as not finite at most."""
    if not isinstance(stream, PlannedSource):
        return _WHY
    topic = stream.topic
    return {
        **_WHY,
        Status.NO_EVENT_TIME: f'the event time "{topic.event_time}" is null or missing',
        Status.LATE: f"more than {topic.lateness} behind the latest record before it in its partition",
        Status.FUTURE: f"its event time is more than {topic.max_ahead} after its arrival",
    }
