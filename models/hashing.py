"""A number for a value that is the same in every process, on every machine, in every release."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Any

_STEPS = 1 << 64


def hash_share(value: Any, seed: int) -> float:
    """Where a value falls in [0, 1): evenly, and otherwise for another `seed`. Null is a value like any other.

    >>> hash_share("JFK", 0), hash_share("JFK", 1)
    (0.8474381997966866, 0.8934764912051005)
    """
    text = value.isoformat() if isinstance(value, datetime) else value
    kind = "number" if isinstance(value, int | float) else type(value).__name__
    if isinstance(text, float) and text.is_integer():
        text = int(text)  # 1 and 1.0 are the same number
    written = f"{seed}/{kind}/{text!r}".encode()
    return int.from_bytes(blake2b(written, digest_size=8).digest(), "big") / _STEPS
