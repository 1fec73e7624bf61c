"""Strings to numbers, compiled: which distinct ones there are, and which of them each one is."""

from __future__ import annotations

from schemas.kernel import Bytes, Codes, Flags, Places, byte_at, kernel, shared
from schemas.spans import SIZE_BITS, SIZE_MASK


@shared
def _hash(values: Bytes, span: int) -> int:
    """FNV-1a, folded, as a table is addressed by the lower bits."""
    number = -0x340D631B7BDDDCDB
    start = span >> SIZE_BITS
    for at in range(start, start + (span & SIZE_MASK)):
        number = (number ^ byte_at(values, at)) * 0x100000001B3
    return number ^ (number >> 32)


@shared
def _equal(values: Bytes, one: int, other: int) -> bool:
    size = one & SIZE_MASK
    if size != other & SIZE_MASK:
        return False
    a, b = one >> SIZE_BITS, other >> SIZE_BITS
    place = 0
    while place < size and byte_at(values, a + place) == byte_at(values, b + place):
        place += 1
    return place == size


@kernel
def encode_words(values: Bytes, spans: Places, valid: Flags, slots: Codes, firsts: Places, codes: Codes) -> int:
    """Number the distinct strings in the order in which they come, and say how many there are.

    `firsts` takes where each of them comes first; the size of `slots`, all -1, is a power of two beyond theirs.
    """
    count = 0
    for record in range(len(spans)):
        if not valid[record]:
            codes[record] = -1
            continue
        span = spans[record]
        slot = _hash(values, span) & (len(slots) - 1)
        while slots[slot] >= 0 and not _equal(values, spans[firsts[slots[slot]]], span):
            slot = (slot + 1) & (len(slots) - 1)
        if slots[slot] < 0:
            slots[slot] = count
            firsts[count] = record
            count += 1
        codes[record] = slots[slot]
    return count
