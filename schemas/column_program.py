"""Records of a schema read into columns, many at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from schemas import column_kernels as do
from schemas.column import Column, Flags
from schemas.column_compiler import Compiler, Make, Reading
from schemas.column_leaves import Unsupported
from schemas.matching import branch_for


class ColumnProgram:
    """Reads records of the schema `writer` into columns of the schema `reader`, equal to what fastavro gives for each.

    Fields are numbers, booleans, strings, bytes, enums, logical types of these, records of such, and any of them or
    null; a reader may leave out fields, have others with defaults, and have wider types.

    >>> program = ColumnProgram.of({"type": "record", "name": "r", "fields": [{"name": "a", "type": "string"}]})
    >>> good = np.array([True, True])
    >>> values = bytes([0, 0, 0, 0, 7, 2, 120, 0, 0, 0, 0, 7, 9])
    >>> program.read(values, np.array([7, 6], np.int32), 7, good)["a"].tolist(), good.tolist()
    (['x', None], [True, False])
    """

    def __init__(self, program: do.Program, rows: int, makes: dict[str, Make]) -> None:
        self._program, self._rows, self._makes = program, rows, makes

    @classmethod
    def of(cls, writer: dict[str, Any], reader: dict[str, Any] | None = None) -> ColumnProgram | None:
        """The program of parsed schemas, None where a field is of another kind; without a reader's nothing changes."""
        if reader is not None and branch_for(writer, reader) is None:
            return None
        compiler = Compiler()
        try:
            code, makes = compiler.record(writer, reader, nullable=False)
        except Unsupported:
            return None
        if not makes:
            return None
        program = do.Program(np.array(code, np.int64).reshape(-1, 5), np.array(compiler.symbols, np.int64))
        return cls(program, compiler.rows, makes)

    def read(self, values: bytes, sizes: npt.NDArray[np.int32], schema_id: int, good: Flags) -> dict[str, Column]:
        """The fields of the records in `values`, one after the other; clears `good` where one is not of the schema.

        Those that are not good to begin with are left out.
        """
        shape = (self._rows, len(sizes))
        cells = do.Cells(np.zeros(shape, np.int64), np.ones(shape, np.bool_), good)
        do.read_records(np.frombuffer(values, np.uint8), sizes, schema_id, self._program, cells)
        whole = bool(good.all())
        if not whole:
            cells.valid[:, ~good] = False
        reading = Reading(values, cells, whole)
        return {name: make(reading) for name, make in self._makes.items()}
