"""Feature rows, and how one is packed into a field of a Redis hash.

A packed row is 48 hexadecimal digits and a JSON object. The digits are the row's version, big-endian, each number with
its sign bit flipped so that negative ones come first: event time (ms since the epoch, 16 digits), partition (8), offset
(16), revision (8). Two versions compare as their digits do, byte by byte. The object maps each feature's name to a
number, a string, a boolean or null; a number that is not finite is written as null, which is all that JSON has for it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

import orjson

from schemas.errors import BadRecord, Fatal
from schemas.wire import REFUSED

FeatureValue: TypeAlias = float | int | str | bool | None

_VERSION = struct.Struct(">QIQI")
_VERSION_DIGITS = 2 * _VERSION.size
_BIAS_64, _BIAS_32 = 1 << 63, 1 << 31


class RowVersion(NamedTuple):
    """What decides which of two rows is newer: event time (ms since the epoch), then the coordinates of its record."""

    event_time: int
    partition: int
    offset: int
    revision: int = 0


class FeatureRow(NamedTuple):
    """The features of one feature set for one value of an entity; `event_time` in ms since the epoch.

    >>> row = FeatureRow("origin", "EWR", "delays", {"mean_1h": 4.5}, event_time=-1, partition=0, offset=7)
    >>> pack(row)
    b'7fffffffffffffff80000000800000000000000780000000{"mean_1h":4.5}'
    >>> unpack("origin", "EWR", "delays", pack(row)) == row
    True
    """

    entity: str
    value: str | int
    feature_set: str
    features: Mapping[str, FeatureValue]
    event_time: int
    partition: int
    offset: int
    revision: int = 0

    @property
    def version(self) -> RowVersion:
        return RowVersion(self.event_time, self.partition, self.offset, self.revision)


def pack(row: FeatureRow) -> bytes:
    """The bytes of a row. Raises BadRecord for a feature that is no number, string, boolean or null."""
    try:
        payload = orjson.dumps(row.features, option=orjson.OPT_SERIALIZE_NUMPY)
        version = _VERSION.pack(
            row.event_time + _BIAS_64, row.partition + _BIAS_32, row.offset + _BIAS_64, row.revision + _BIAS_32
        )
    except (orjson.JSONEncodeError, struct.error) as error:
        raise BadRecord(
            REFUSED, f'feature set "{row.feature_set}": {row.features!r} cannot be stored: {error}'
        ) from error
    return version.hex().encode() + payload


def unpack(entity: str, value: str | int, feature_set: str, packed: bytes) -> FeatureRow:
    """The row that `pack` made `packed` of. Raises Fatal when it is no packed row."""
    try:
        version = _VERSION.unpack(bytes.fromhex(packed[:_VERSION_DIGITS].decode("ascii")))
        features = orjson.loads(packed[_VERSION_DIGITS:])
    except (ValueError, struct.error) as error:
        raise Fatal(f'feature set "{feature_set}": {entity} "{value}" holds no packed row: {error}') from error
    event_time, partition, offset, revision = version
    return FeatureRow(
        entity,
        value,
        feature_set,
        features,
        event_time - _BIAS_64,
        partition - _BIAS_32,
        offset - _BIAS_64,
        revision - _BIAS_32,
    )


def newest(rows: Iterable[FeatureRow]) -> list[FeatureRow]:
    """Of several rows of one feature set for one value of an entity, the newest; the others are dropped."""
    kept: dict[tuple[str, str, str], FeatureRow] = {}
    for row in rows:
        slot = (row.entity, str(row.value), row.feature_set)
        held = kept.get(slot)
        if held is None or row[4:] > held[4:]:
            kept[slot] = row
    return list(kept.values())
