"""Columns made ready for the kernel, joined to records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.column import Flags, Places
from schemas.encoding_kernels import LARGEST_BYTES, RAW, SIZED, Fields, write_records
from schemas.spans import SIZE_BITS, SIZE_MASK

Sizes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Written:
    """A column as the kernel takes it; see there. Spans lie in `data`."""

    kind: int
    null: int
    cells: Places
    data: bytes
    valid: Flags | None


def join(header: bytes, written: Sequence[Written], count: int) -> tuple[bytes, Sizes]:
    """`count` records one after the other, each behind the header, and the size of each in bytes."""
    shape = (len(written), count)
    kinds = np.array([(one.kind, one.null) for one in written], np.int64).reshape(-1, 2)
    fields = Fields(kinds, np.zeros(shape, np.int64), np.ones(shape, np.bool_))
    parts, start, room = [], 0, count * (len(header) + LARGEST_BYTES * len(written))
    for place, one in enumerate(written):
        fields.cells[place] = one.cells
        if one.valid is not None:
            fields.valid[place] = one.valid
        if one.kind in (SIZED, RAW):
            fields.cells[place] += start << SIZE_BITS
            room += int((one.cells & SIZE_MASK).sum())
            parts.append(one.data)
            start += len(one.data)
    into, sizes = np.empty(room, np.uint8), np.empty(count, np.int32)
    behind, data = np.frombuffer(header, np.uint8), np.frombuffer(b"".join(parts), np.uint8)
    return into[: write_records(behind, fields, data, into, sizes)].tobytes(), sizes
