"""Many records to bytes at once: each field a column, and all of them written by compiled code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from schemas.codec import Encoder
from schemas.column import Column
from schemas.column_writing import FieldWriter, columns_written
from schemas.record_writing import Sizes, join


class ColumnEncoder:
    """Encodes records of `schema`, known to the registry as `schema_id`; the bytes are those of `Encoder`.

    They are encoded together, column by column; a union of several types, a type that is named once more, or a value of
    another type makes it go record by record.

    >>> schema = {"type": "record", "name": "point", "fields": [{"name": "x", "type": "long"}]}
    >>> values, sizes = ColumnEncoder(schema, 7).encode({"x": [1, -70]})
    >>> values.hex(" "), sizes.tolist()
    ('00 00 00 00 07 02 00 00 00 00 07 8b 01', [6, 7])
    """

    def __init__(self, schema: dict[str, Any], schema_id: int) -> None:
        self._one = Encoder(schema, schema_id)
        self._fields = {field["name"]: FieldWriter.of(field["type"]) for field in schema["fields"]}

    def encode(self, columns: Mapping[str, Sequence[Any] | Column]) -> tuple[bytes, Sizes]:
        """The records one after the other, and the size of each in bytes. Raises BadRecord (`wrong_type`)."""
        written = columns_written(columns, self._fields)
        if written is None:
            return self._one_by_one(columns)
        return join(self._one.header, written, len(next(iter(columns.values()))))

    def _one_by_one(self, columns: Mapping[str, Sequence[Any] | Column]) -> tuple[bytes, Sizes]:
        lists = [column if isinstance(column, Sequence) else column.tolist() for column in columns.values()]
        values = [self._one.encode(dict(zip(columns, fields, strict=True))) for fields in zip(*lists, strict=True)]
        return b"".join(values), np.array([len(value) for value in values], np.int32)
