"""What has to become of a payload, by the written rules: worked out by a second reader of Avro and by fastavro."""

from __future__ import annotations

import io
import math
from collections import defaultdict
from typing import Any

import fastavro

from tests.fuzz.payloads import SCHEMAS
from tests.schemas.oracle import Reader, Refused

GOOD = "good"
YEAR_1_MS = -62_135_596_800_000


class Fates:
    """Tells the fate of each payload of a topic, in the order of each partition.

    A record is good, or refused for the first of these reasons: no value, no framing, an unknown schema, a schema that
    does not fit, bytes that are not exactly one record, an event time after its arrival by more than `max_ahead_ms`, a
    float that is not finite, an event time more than `lateness_ms` behind the largest good one before it.
    """

    def __init__(self, name: str, ids: dict[str, int], lateness_ms: int, max_ahead_ms: int) -> None:
        self._name, self._names = name, {id_: other for other, id_ in ids.items()}
        self._schema = _with_plain_event_time(SCHEMAS[name])
        self._parsed = fastavro.parse_schema(self._schema)
        self._lateness_ms, self._max_ahead_ms = lateness_ms, max_ahead_ms
        self._latest: defaultdict[int, float] = defaultdict(lambda: -math.inf)

    def of(self, partition: int, value: bytes | None, arrival_ms: int) -> str:
        """The fate of the next record of a partition: GOOD, or the reason for which it is refused."""
        refused = self._refused(value)
        if refused:
            return refused
        assert value is not None
        record = Reader(value[5:]).whole(self._schema)
        at = record["at"]
        if at > arrival_ms + self._max_ahead_ms:
            return "future"
        if not _is_finite(record):
            return "not_finite"
        if at < self._latest[partition] - self._lateness_ms:
            return "late"
        self._latest[partition] = max(self._latest[partition], at)
        return GOOD

    def _refused(self, value: bytes | None) -> str | None:
        if value is None:
            return "null_value"
        if len(value) < 5 or value[0] != 0:
            return "no_magic"
        name = self._names.get(int.from_bytes(value[1:5], "big"))
        if name is None:
            return "unknown_schema"
        if name != self._name:
            return "wrong_type"
        return None if self._is_whole(value[5:]) else "corrupt"

    def _is_whole(self, body: bytes) -> bool:
        try:
            record = Reader(body).whole(self._schema)
        except Refused:
            return False
        # where the strict reader takes the bytes, fastavro reads the same from them
        read = fastavro.schemaless_reader(io.BytesIO(body), self._parsed, None)
        assert repr(read) == repr(record), (body, read, record)
        return bool(record["at"] >= YEAR_1_MS)


def _with_plain_event_time(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with an event time that may be in any year: one far ahead is from the future, and not corrupt."""
    fields = [{**field, "type": "long"} if field["name"] == "at" else field for field in schema["fields"]]
    return {**schema, "fields": fields}


def _is_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
