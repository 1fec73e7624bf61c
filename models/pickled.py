"""Objects to bytes and back, for state that only we read: never for bytes from the network."""

from __future__ import annotations

import pickle
from typing import Any

import cloudpickle  # type: ignore[import-untyped]


def dump(value: Any) -> bytes:
    """The bytes of `value`; functions and classes that cannot be imported travel with it.

    >>> load(dump(lambda x: x + 1))(1)
    2
    """
    try:
        return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError):
        return bytes(cloudpickle.dumps(value))


def load(data: bytes) -> Any:
    """The object in `data`, which must come from `dump`."""
    return pickle.loads(data)
