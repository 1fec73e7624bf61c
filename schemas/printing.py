"""PyFlink's workers put a method of theirs in the place of `print`, and numba cannot be imported past it."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def plain_print() -> Iterator[None]:
    """Have Python's own `print` for a while.

    >>> with plain_print():
    ...     print is builtins.print
    True
    """
    replaced = builtins.print
    builtins.print = getattr(getattr(replaced, "__self__", None), "_print", replaced)
    try:
        yield
    finally:
        builtins.print = replaced
