"""Objects to bytes and back, for state that only we read: never for bytes from the network."""

from __future__ import annotations

import copyreg
import io
import pickle
from collections import ChainMap
from collections.abc import Callable
from functools import cache
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
from river import base

from models.search_trees import REDUCERS


def dump(value: Any) -> bytes:
    """The bytes of `value`; functions and classes that cannot be imported travel with it.

    >>> load(dump(lambda x: x + 1))(1)
    2
    """
    try:
        return _dump(_Pickler, value)
    except (pickle.PicklingError, AttributeError, TypeError):
        return _dump(_ByValuePickler, value)


def load(data: bytes) -> Any:
    """The object in `data`, which must come from `dump`."""
    return pickle.loads(data)


class _Pickler(pickle.Pickler):
    """Has river's objects restored attribute by attribute.

    Pickle fills an object's `__dict__` at once, after which CPython reads attributes more slowly: 10% of a linear
    model's time.
    """

    dispatch_table = ChainMap[Any, Any](REDUCERS, copyreg.dispatch_table)

    def reducer_override(self, value: Any) -> Any:
        return _reduce(value)


class _ByValuePickler(cloudpickle.Pickler):  # type: ignore[misc]
    """The same, for what holds functions that cannot be imported; slower."""

    dispatch_table = ChainMap[Any, Any](REDUCERS, cloudpickle.Pickler.dispatch_table)

    def reducer_override(self, value: Any) -> Any:
        reduced = _reduce(value)
        return super().reducer_override(value) if reduced is NotImplemented else reduced


def _dump(pickler: Callable[..., Any], value: Any) -> bytes:
    buffer = io.BytesIO()
    pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


def _reduce(value: Any) -> Any:
    kind = type(value)
    if _is_plain(kind):  # type: ignore[arg-type]
        return copyreg.__newobj__, (kind,), value.__dict__, None, None, _set_attributes  # type: ignore[attr-defined]
    return NotImplemented


@cache
def _is_plain(kind: Any) -> bool:
    """Whether objects of this class are river's and leave pickling to `object`."""
    hooks = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__")
    return (
        issubclass(kind, base.Base)
        and all(getattr(kind, hook, None) is getattr(object, hook, None) for hook in hooks)
        and not issubclass(kind, dict | list | set | tuple)
        and not any(ancestor.__dict__.get("__slots__") for ancestor in kind.__mro__)
    )


def _set_attributes(value: Any, attributes: dict[str, Any]) -> None:
    for name, attribute in attributes.items():
        object.__setattr__(value, name, attribute)
