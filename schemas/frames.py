"""Frames: the batches of records that cross between the JVM and Python as one byte array.

A frame is columnar, so that neither side parses record by record (all numbers little-endian):

    magic "HRF1" | count u32 | index: count x 48 bytes | keys | headers | values

An output frame goes the other way, from Python to the Kafka sinks:

    magic "HRO1" | count u32 | index: count x 24 bytes | keys | headers | values

A size of -1 means null. `engine/jvm` holds the Java side; `tests/schemas/test_frames_jvm.py` holds both to one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

MAX_FRAME_BYTES = 1 << 20
NO_EVENT_TIME = -(1 << 63)
FATAL = -1

_MAGIC, _OUTPUT_MAGIC = b"HRF1", b"HRO1"
_HEADER_BYTES = 8
_RECORD_FIELDS = ("event_time", "arrival", "offset", "partition", "source", "status", "redriven")

INDEX = np.dtype(
    [
        ("event_time", "<i8"),  # ms since the epoch, NO_EVENT_TIME where it cannot be read
        ("arrival", "<i8"),  # the Kafka timestamp, ms since the epoch
        ("offset", "<i8"),
        ("partition", "<i4"),
        ("key_size", "<i4"),
        ("headers_size", "<i4"),
        ("value_size", "<i4"),
        ("source", "<u2"),  # position in the plan's streams of the one that it is from
        ("status", "u1"),
        ("redriven", "u1"),  # how often it was sent again as a dead letter, 255 for more
        ("pad", "V4"),
    ]
)
OUTPUT_INDEX = np.dtype(
    [
        ("timestamp", "<i8"),  # ms since the epoch: that of the Kafka record to write, or the event time
        ("destination", "<i4"),  # position in the plan's destinations, or FATAL
        ("key_size", "<i4"),
        ("headers_size", "<i4"),
        ("value_size", "<i4"),
    ]
)


_Columns = tuple[npt.NDArray[np.void], bytes, bytes, bytes]
"""An index, and keys, headers and values in a row."""


class Status(IntEnum):
    """What the JVM found out about a record before Python sees it; anything but OK is a dead letter."""

    OK = 0
    NULL_VALUE = 1
    NO_MAGIC = 2
    UNKNOWN_SCHEMA = 3
    CORRUPT = 4
    WRONG_TYPE = 5
    NO_EVENT_TIME = 6
    NOT_FINITE = 7
    TOO_LARGE = 8
    LATE = 9
    FUTURE = 10
    UNKNOWN_STREAM = 11


@dataclass(frozen=True)
class _Batch:
    """Records as columns: `index` has shape `(n,)`; `keys`, `headers` and `values` hold the bytes of all in a row."""

    index: npt.NDArray[np.void]
    keys: bytes
    headers: bytes
    values: bytes

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class Frame(_Batch):
    """A batch of Kafka records, as columns: `index` has shape `(n,)` and dtype `INDEX`.

    >>> frame = pack([Record(value=b"a", key=None), Record(value=None, key=b"k")])
    >>> frame.keys_list(), frame.values_list()
    ([None, b'k'], [b'a', None])
    >>> Frame.decode(frame.encode()).values_list() == frame.values_list()
    True
    """

    @classmethod
    def decode(cls, data: bytes) -> Frame:
        """The frame in `data`. Raises ValueError when it is not one."""
        return cls(*_cut(data, _MAGIC, INDEX))

    def encode(self) -> bytes:
        return _joined(_MAGIC, self)

    def keys_list(self) -> list[bytes | None]:
        return _split(self.keys, self.index["key_size"])

    def headers_list(self) -> list[bytes | None]:
        return _split(self.headers, self.index["headers_size"])

    def values_list(self) -> list[bytes | None]:
        return _split(self.values, self.index["value_size"])


@dataclass(frozen=True)
class Record:
    """One record of a frame, for building frames by hand; times in ms since the epoch."""

    value: bytes | None
    key: bytes | None = None
    headers: bytes = b""
    event_time: int = 0
    arrival: int = 0
    partition: int = 0
    offset: int = 0
    source: int = 0
    status: int = Status.OK
    redriven: int = 0


@dataclass(frozen=True)
class OutputRecord:
    """One record for a topic, a folder or connectors: `destination` is a position in the plan's; `timestamp` in ms."""

    destination: int
    value: bytes | None
    key: bytes | None = None
    headers: bytes = b""
    timestamp: int = 0


def pack(records: Sequence[Record]) -> Frame:
    """The frame that holds `records`, in their order."""
    return Frame(*_columns(records, INDEX, _RECORD_FIELDS))


@dataclass(frozen=True)
class OutputFrame(_Batch):
    """A batch of records that go somewhere, as columns: `index` has shape `(n,)` and dtype `OUTPUT_INDEX`.

    >>> frame = pack_output([OutputRecord(0, b"v", key=b"k")]).encode()
    >>> unpack_output(frame)
    [OutputRecord(destination=0, value=b'v', key=b'k', headers=b'', timestamp=0)]
    """

    def encode(self) -> bytes:
        return _joined(_OUTPUT_MAGIC, self)

    @classmethod
    def join(cls, parts: Sequence[OutputFrame]) -> OutputFrame:
        """The records of all parts, one part after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([np.zeros(0, OUTPUT_INDEX), *(part.index for part in parts)]),
            b"".join(part.keys for part in parts),
            b"".join(part.headers for part in parts),
            b"".join(part.values for part in parts),
        )


def pack_output(records: Sequence[OutputRecord]) -> OutputFrame:
    """The output frame that holds `records`, in their order."""
    return OutputFrame(*_columns(records, OUTPUT_INDEX, ("timestamp", "destination")))


def unpack_output(data: bytes) -> list[OutputRecord]:
    """The records of an output frame. Raises ValueError when `data` is not one."""
    index, keys, headers, values = _cut(data, _OUTPUT_MAGIC, OUTPUT_INDEX)
    return [
        OutputRecord(destination, value, key, header or b"", timestamp)
        for destination, timestamp, key, header, value in zip(
            index["destination"].tolist(),
            index["timestamp"].tolist(),
            _split(keys, index["key_size"]),
            _split(headers, index["headers_size"]),
            _split(values, index["value_size"]),
            strict=True,
        )
    ]


def _columns(
    records: Sequence[Record] | Sequence[OutputRecord], dtype: np.dtype[np.void], fields: Sequence[str]
) -> _Columns:
    """The records as columns; `fields` are those that the index takes over as they are."""
    index = np.zeros(len(records), dtype)
    for name in fields:
        index[name] = [getattr(record, name) for record in records]
    index["key_size"] = [_size(record.key) for record in records]
    index["headers_size"] = [len(record.headers) for record in records]
    index["value_size"] = [_size(record.value) for record in records]
    return (
        index,
        b"".join(record.key or b"" for record in records),
        b"".join(record.headers for record in records),
        b"".join(record.value or b"" for record in records),
    )


def _joined(magic: bytes, frame: _Batch) -> bytes:
    count = len(frame).to_bytes(4, "little")
    return b"".join((magic, count, frame.index.tobytes(), frame.keys, frame.headers, frame.values))


def _cut(data: bytes, magic: bytes, dtype: np.dtype[np.void]) -> _Columns:
    if data[:4] != magic:
        raise ValueError(f"not a frame: starts with {bytes(data[:4])!r}, expected {magic!r}")
    count = int.from_bytes(data[4:_HEADER_BYTES], "little")
    index = np.frombuffer(data, dtype, count, _HEADER_BYTES)
    keys_at = _HEADER_BYTES + count * dtype.itemsize
    headers_at = keys_at + _total(index["key_size"])
    values_at = headers_at + _total(index["headers_size"])
    if values_at + _total(index["value_size"]) != len(data):
        raise ValueError("frame sizes do not add up to its length")
    return index, data[keys_at:headers_at], data[headers_at:values_at], data[values_at:]


def _size(blob: bytes | None) -> int:
    return -1 if blob is None else len(blob)


def _total(sizes: npt.NDArray[np.int32]) -> int:
    return int(np.maximum(sizes, 0).sum(dtype=np.int64))


def _split(blob: bytes, sizes: npt.NDArray[np.int32]) -> list[bytes | None]:
    ends = np.maximum(sizes, 0).cumsum(dtype=np.int64).tolist()
    start = 0
    parts: list[bytes | None] = []
    for end, size in zip(ends, sizes.tolist(), strict=True):
        parts.append(blob[start:end] if size >= 0 else None)
        start = end
    return parts
