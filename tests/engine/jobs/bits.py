"""Any model as plain data in which every bit of every number can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np


def bits(value: Any) -> Any:
    """What `value` is made of, down to its numbers, the floats as their exact hexadecimal text.

    >>> bits({"a": [1, 0.5]})
    {'a': ['list', 1, '0x1.0000000000000p-1']}
    """
    if value is None or isinstance(value, bool | int | str | bytes):
        return value
    if isinstance(value, float | np.ndarray):
        return value.hex() if isinstance(value, float) else [str(value.dtype), value.shape, value.tobytes()]
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [type(value).__name__, *map(bits, value)]
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return f"{value.__module__}.{value.__qualname__}"
    return ["object", *(bits(list(part) if hasattr(part, "__next__") else part) for part in value.__reduce_ex__(4))]
