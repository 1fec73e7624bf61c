"""Columns written as Avro, compiled: one kernel for all schemas, which writes a record after the other."""

from __future__ import annotations

from typing import NamedTuple

from schemas.kernel import Bytes, Codes, FlagGrid, Output, PlaceGrid, byte_at, kernel, shared
from schemas.spans import SIZE_BITS, SIZE_MASK

BOOLEAN, NUMBER, FLOAT, DOUBLE, SIZED, RAW = range(6)
"""How a cell is written: NUMBER as a zigzag varint, RAW as the bytes that it is the span of, SIZED behind their
size."""
NEVER = -1
LARGEST_BYTES = 11  # of a field, the bytes of a span aside: its branch and a varint
_NOT_SIGNED = (1 << 57) - 1


class Fields(NamedTuple):
    """Of each field, shape `(fields, 2)`, how it is written and which branch is null, or NEVER; and what it holds.

    `cells` and `valid` have shape `(fields, records)`; doubles and floats are their bits.
    """

    kinds: PlaceGrid
    cells: PlaceGrid
    valid: FlagGrid


@shared
def _number(into: Output, at: int, number: int) -> int:
    """Write a varint, and give the position behind it."""
    rest = number << 1 ^ number >> 63
    while rest & ~0x7F:
        into[at] = rest & 0x7F | 0x80
        rest = rest >> 7 & _NOT_SIGNED
        at += 1
    into[at] = rest
    return at + 1


@shared
def _bytes(into: Output, at: int, word: int, count: int) -> int:
    for place in range(count):
        into[at + place] = word >> 8 * place & 0xFF
    return at + count


@shared
def _value(into: Output, at: int, kind: int, cell: int, data: Bytes) -> int:
    if kind == BOOLEAN:
        into[at] = cell
        at += 1
    elif kind == NUMBER:
        at = _number(into, at, cell)
    elif kind == FLOAT:
        at = _bytes(into, at, cell, 4)
    elif kind == DOUBLE:
        at = _bytes(into, at, cell, 8)
    else:
        start, size = cell >> SIZE_BITS, cell & SIZE_MASK
        if kind == SIZED:
            at = _number(into, at, size)
        for place in range(size):
            into[at + place] = byte_at(data, start + place)
        at += size
    return at


@kernel
def write_records(header: Bytes, fields: Fields, data: Bytes, into: Output, sizes: Codes) -> int:
    """Write all records, each behind the header, and give how many bytes they are together."""
    kinds, cells, valid = fields
    at = 0
    for record in range(len(sizes)):
        start = at
        for place in range(len(header)):
            into[at] = header[place]
            at += 1
        for field in range(len(kinds)):
            kind, null = kinds[field, 0], kinds[field, 1]
            if null != NEVER:
                at = _number(into, at, 1 - null if valid[field, record] else null)
            if valid[field, record]:
                at = _value(into, at, kind, cells[field, record], data)
        sizes[record] = at - start
    return at
