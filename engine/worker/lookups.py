"""What is looked up in Redis for a frame, and how it is kept with the frame.

A frame for which something was looked up becomes magic "HRL1" | size of the frame u32, big-endian | the frame | JSON:
by the name of each lookup the distinct `rows`, and for each record `of` which of them is its own, -1 for none. That is
what the learn-log keeps: what Redis says when the frame is learned again is another thing.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import orjson

from engine.plan import Part
from models.looked_up import Found
from models.outcome import Batch
from schemas.table import field_of
from sinks import FeatureKey, FeatureReader

_MAGIC = b"HRL1"
_HEAD = struct.Struct(">4sI")


class FeatureLookups:
    """Reads what the lookups of a part ask for, in one round trip for each workflow whose features these are."""

    def __init__(self, part: Part, reader: FeatureReader) -> None:
        self._lookups = part.lookups
        self._reader = reader

    def read(self, frame: bytes, batch: Batch) -> bytes:
        """The frame with what Redis has for its records. Raises Retryable when Redis is away."""
        values = {name: field_of(batch.records, lookup.on) for name, lookup in self._lookups.items()}
        found = {}
        for workflow in {lookup.features.workflow for lookup in self._lookups.values()}:
            names = [name for name, lookup in self._lookups.items() if lookup.features.workflow == workflow]
            distinct = {name: [value for value in dict.fromkeys(values[name]) if value is not None] for name in names}
            asked = [self._asked(name, value) for name in names for value in distinct[name]]
            rows = iter(self._reader.read(workflow, asked))
            for name in names:
                places = {value: place for place, value in enumerate(distinct[name])}
                known = [None if (row := next(rows)) is None else dict(row.features) for _ in distinct[name]]
                found[name] = {"rows": known, "of": [places.get(value, -1) for value in values[name]]}
        return _HEAD.pack(_MAGIC, len(frame)) + frame + orjson.dumps(found)

    def _asked(self, name: str, value: Any) -> FeatureKey:
        lookup = self._lookups[name]
        return FeatureKey(lookup.entity, value, lookup.features.sink)


def parted(entry: bytes) -> tuple[bytes, Mapping[str, list[Found]]]:
    """The frame in an entry of the learn-log, and what was found for each of its records."""
    if not entry.startswith(_MAGIC):
        return entry, {}
    _, size = _HEAD.unpack_from(entry)
    end = _HEAD.size + size
    found = orjson.loads(entry[end:])
    return entry[_HEAD.size : end], {
        name: [None if place < 0 else said["rows"][place] for place in said["of"]] for name, said in found.items()
    }
