"""Avro read into columns, compiled: one kernel for all schemas, which walks a program made of the schema.

A record is refused wherever `schemas.scan` refuses it, and where a value cannot become the Python object that it stands
for. Source: Avro 1.12 specification, "Binary encoding".
"""

from __future__ import annotations

from typing import NamedTuple

from schemas.kernel import Bytes, Codes, FlagGrid, Flags, PlaceGrid, Places, byte_at, kernel, shared, word_at
from schemas.spans import SIZE_BITS
from schemas.wire import HEADER_BYTES

BOOLEAN, INT, LONG, FLOAT, DOUBLE, BYTES, TEXT, UUID, FIXED, ENUM, UNION, BRANCH = range(12)
"""What an instruction does, and the numbers behind that and its row in the cells:

BOOLEAN, FLOAT; INT and LONG, the least and the largest value; DOUBLE, of how many rows; BYTES and TEXT, the largest
size; UUID, as text; FIXED, the size; ENUM, where its symbols begin and how many there are; UNION of null and another
type, the row behind the last of the other type, which branch is null, and how many instructions the other type has;
BRANCH, the branch that has to come.
"""
REFUSED = -1
_INT_BYTES, _LONG_BYTES = 5, 10
_INT_LAST, _LONG_LAST = 0x0F, 0x01
_HIGH_BITS = -0x7F7F7F7F7F7F7F80


class Program(NamedTuple):
    """Instructions, shape `(n, 5)`: what to do, the row, and up to three numbers; and the reader's symbols of enums."""

    instructions: PlaceGrid
    symbols: Places


class Cells(NamedTuple):
    """What was read, shape `(rows, records)`, `valid` where it is not null, and which records are `good`.

    Doubles and floats are their bits; of strings and bytes a cell has the start and, in the lower half, the size.
    """

    cells: PlaceGrid
    valid: FlagGrid
    good: Flags


@shared
def _number(values: Bytes, at: int, end: int, most_bytes: int, last_most: int) -> tuple[int, int]:
    """A zigzag varint and the position behind it, or REFUSED."""
    stop = min(end, at + most_bytes)
    last = at + most_bytes - 1
    number, shift = 0, 0
    while at < stop:
        byte = byte_at(values, at)
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if at == last and byte > last_most:
                break
            return (number >> 1 & 0x7FFFFFFFFFFFFFFF) ^ -(number & 1), at + 1
        shift += 7
        at += 1
    return 0, REFUSED


@shared
def _four(values: Bytes, at: int, shift: int, step: int) -> int:
    """Four bytes, the first shifted by `shift` and each behind it by `step` more."""
    number = 0
    for place in range(4):
        number |= byte_at(values, at + place) << shift + step * place
    return number


@shared
def _is_text(values: Bytes, at: int, end: int) -> bool:
    """Whether Python decodes it as UTF-8: RFC 3629, without surrogates and overlong forms."""
    while at < end:
        lead = byte_at(values, at)
        if at + 8 <= end and word_at(values, at) & _HIGH_BITS == 0:
            at += 8
        elif lead < 0x80:
            at += 1
        else:
            if lead < 0xC2 or lead > 0xF4:
                return False
            least, most = 0x80, 0xBF
            if lead in (0xE0, 0xF0):
                least = 0xA0 if lead == 0xE0 else 0x90
            elif lead in (0xED, 0xF4):
                most = 0x9F if lead == 0xED else 0x8F
            behind = at + (2 if lead < 0xE0 else 3 if lead < 0xF0 else 4)
            if behind > end or not least <= byte_at(values, at + 1) <= most:
                return False
            for place in range(at + 2, behind):
                if byte_at(values, place) & 0xC0 != 0x80:
                    return False
            at = behind
    return True


@shared
def _is_uuid(values: Bytes, at: int, end: int) -> bool:
    """Whether it has the canonical form of RFC 9562."""
    if end - at != 36:
        return False
    for place in range(36):
        byte = byte_at(values, at + place)
        if place in (8, 13, 18, 23):
            if byte != 0x2D:
                return False
        elif not (0x30 <= byte <= 0x39 or 0x41 <= byte <= 0x46 or 0x61 <= byte <= 0x66):
            return False
    return True


@shared
def _is_as_it_says(values: Bytes, at: int, end: int, do: int) -> bool:
    return do == BYTES or (_is_text(values, at, end) if do == TEXT else _is_uuid(values, at, end))


@shared
def _value(values: Bytes, at: int, end: int, symbols: Places, instruction: tuple[int, int, int]) -> tuple[int, int]:
    """A cell and the position behind it, or REFUSED."""
    do, a, b = instruction
    cell, behind = 0, REFUSED
    if do == BOOLEAN:
        if at < end and byte_at(values, at) <= 1:
            cell, behind = byte_at(values, at), at + 1
    elif do in (INT, LONG):
        size, last = (_INT_BYTES, _INT_LAST) if do == INT else (_LONG_BYTES, _LONG_LAST)
        cell, behind = _number(values, at, end, size, last)
        if not a <= cell <= b:
            behind = REFUSED
    elif do == FLOAT:
        if at + 4 <= end:
            cell, behind = _four(values, at, 0, 8), at + 4
    elif do == FIXED:
        if at + a <= end:
            cell, behind = at << SIZE_BITS | a, at + a
    elif do == ENUM:
        place, at = _number(values, at, end, _LONG_BYTES, _LONG_LAST)
        if 0 <= place < b and symbols[a + place] >= 0:
            cell, behind = symbols[a + place], at
    else:
        size, at = _number(values, at, end, _LONG_BYTES, _LONG_LAST)
        if at != REFUSED and 0 <= size <= min(a, end - at) and _is_as_it_says(values, at, at + size, do):
            cell, behind = at << SIZE_BITS | size, at + size
    return cell, behind


@shared
def _read(values: Bytes, at: int, end: int, program: Program, into: Cells, record: int) -> int:
    """Walk the program, and give the position behind the record, or REFUSED."""
    instructions, symbols = program
    cells, valid, _ = into
    step = 0
    while step < len(instructions) and at != REFUSED:
        do, row, a, b = instructions[step, 0], instructions[step, 1], instructions[step, 2], instructions[step, 3]
        step += 1
        if do == DOUBLE:
            if at + 8 * a > end:
                return REFUSED
            for of in range(row, row + a):
                cells[of, record] = word_at(values, at)
                at += 8
        elif do == UNION:
            branch, at = _number(values, at, end, _LONG_BYTES, _LONG_LAST)
            if not 0 <= branch <= 1:
                return REFUSED
            if branch == b:
                for of in range(row, a):
                    valid[of, record] = False
                step += instructions[step - 1, 4]
        elif do == BRANCH:
            branch, at = _number(values, at, end, _LONG_BYTES, _LONG_LAST)
            if branch != a:
                return REFUSED
        else:
            cells[row, record], at = _value(values, at, end, symbols, (do, a, b))
    return at


@kernel
def read_records(values: Bytes, sizes: Codes, schema_id: int, program: Program, into: Cells) -> None:
    """Read those records that are good so far, which lie one after the other, and say which of them still are."""
    good = into.good
    end = 0
    for record in range(len(sizes)):
        at = end
        end = at + max(sizes[record], 0)
        if good[record]:
            good[record] = (
                end - at >= HEADER_BYTES
                and byte_at(values, at) == 0
                and _four(values, at + 1, 24, -8) == schema_id
                and _read(values, at + HEADER_BYTES, end, program, into, record) == end
            )
