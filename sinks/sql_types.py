"""Avro types as types of SQL columns, and values as these take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sqlalchemy as sql

from schemas.fields import plain_type
from schemas.instants import EPOCH, TICKS

_PLAIN: dict[str, Any] = {
    "boolean": sql.Boolean,
    "int": sql.Integer,
    "long": sql.BigInteger,
    "float": sql.Double,
    "double": sql.Double,
    "string": sql.Text,
    "enum": sql.Text,
    "bytes": sql.LargeBinary,
    "fixed": sql.LargeBinary,
}
_LOGICAL: dict[str, Any] = {
    "timestamp-millis": sql.DateTime(timezone=True),
    "timestamp-micros": sql.DateTime(timezone=True),
    "date": sql.Date,
    "decimal": sql.Numeric,
    "uuid": sql.Uuid,
}

Convert = Callable[[Any], Any]


def column_of(field: dict[str, Any]) -> sql.Column[Any]:
    """The column for a field of an Avro record; maps, arrays, records and unions are JSON.

    >>> column_of({"name": "delay", "type": ["null", "double"]})
    Column('delay', Double(), table=None)
    """
    kind = _LOGICAL.get(_logical(field["type"])) or _PLAIN.get(plain_type(field["type"]), sql.JSON)
    return sql.Column(field["name"], kind, nullable="null" in field["type"])


def converter(kind: Any) -> Convert:
    """What makes of a value of an Avro type one that a column takes: instants become datetimes.

    >>> converter({"type": "long", "logicalType": "timestamp-millis"})(1_000).isoformat()
    '1970-01-01T00:00:01+00:00'
    """
    unit = TICKS.get(_logical(kind))
    return _plain if unit is None else lambda value: EPOCH + value * unit if isinstance(value, int) else value


def _plain(value: Any) -> Any:
    """A value of Python's own: drivers do not know those of numpy."""
    return value.item() if isinstance(value, np.generic) else value


def _logical(kind: Any) -> str:
    """The logical type, null aside; empty without one."""
    if isinstance(kind, list):
        plain = [branch for branch in kind if branch != "null"]
        return _logical(plain[0]) if len(plain) == 1 else ""
    return str(kind.get("logicalType", "")) if isinstance(kind, dict) else ""
