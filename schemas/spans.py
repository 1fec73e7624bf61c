"""Spans: where a value lies in a row of bytes, as one number, the start and in the lower half the size."""

from __future__ import annotations

SIZE_BITS = 32
SIZE_MASK = (1 << SIZE_BITS) - 1
