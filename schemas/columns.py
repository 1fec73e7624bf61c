"""Many records to bytes at once: each field a column, and all of them written by compiled code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.codec import Encoder
from schemas.column import Column
from schemas.column_writing import FieldWriter, Written
from schemas.encoding_kernels import LARGEST_BYTES, SIZED, Fields, write_records
from schemas.spans import SIZE_BITS, SIZE_MASK
from schemas.wire import HEADER_BYTES

Sizes = npt.NDArray[np.int32]


class ColumnEncoder:
    """Encodes records of `schema`, known to the registry as `schema_id`; the bytes are those of `Encoder`.

    Columns of numbers, booleans, instants, strings, bytes and symbols, nullable ones too, are encoded together; a
    schema or a value of another kind makes it go record by record.

    >>> schema = {"type": "record", "name": "point", "fields": [{"name": "x", "type": "long"}]}
    >>> values, sizes = ColumnEncoder(schema, 7).encode({"x": [1, -70]})
    >>> values.hex(" "), sizes.tolist()
    ('00 00 00 00 07 02 00 00 00 00 07 8b 01', [6, 7])
    """

    def __init__(self, schema: dict[str, Any], schema_id: int) -> None:
        self._one = Encoder(schema, schema_id)
        self._header = np.frombuffer(self._one.header, np.uint8)
        self._fields = {field["name"]: FieldWriter.of(field["type"]) for field in schema["fields"]}

    def encode(self, columns: Mapping[str, Sequence[Any] | Column]) -> tuple[bytes, Sizes]:
        """The records one after the other, and the size of each in bytes. Raises BadRecord (`wrong_type`)."""
        written = []
        for name, field in self._fields.items():
            one = None if field is None else field.write(columns[name])
            if one is None:
                return self._one_by_one(columns)
            written.append(one)
        return self._joined(written, len(next(iter(columns.values()))))

    def _joined(self, written: Sequence[Written], count: int) -> tuple[bytes, Sizes]:
        shape = (len(written), count)
        kinds = np.array([(one.kind, one.null) for one in written], np.int64).reshape(-1, 2)
        fields = Fields(kinds, np.zeros(shape, np.int64), np.ones(shape, np.bool_))
        sized, room = b"", count * (HEADER_BYTES + LARGEST_BYTES * len(written))
        for place, one in enumerate(written):
            fields.cells[place] = one.cells
            if one.valid is not None:
                fields.valid[place] = one.valid
            if one.kind == SIZED:
                fields.cells[place] += len(sized) << SIZE_BITS
                room += int((one.cells & SIZE_MASK).sum())
                sized += one.sized
        into, sizes = np.empty(room, np.uint8), np.empty(count, np.int32)
        size = write_records(self._header, fields, np.frombuffer(sized, np.uint8), into, sizes)
        return into[:size].tobytes(), sizes

    def _one_by_one(self, columns: Mapping[str, Sequence[Any] | Column]) -> tuple[bytes, Sizes]:
        lists = [column if isinstance(column, Sequence) else column.tolist() for column in columns.values()]
        values = [self._one.encode(dict(zip(columns, fields, strict=True))) for fields in zip(*lists, strict=True)]
        return b"".join(values), np.array([len(value) for value in values], np.int32)
