"""Ctrl-C, or the word to end, at a moment in which half of something would be left behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread

_HELD = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def held_back() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until the block is done, and take effect then; only the first thread gets any.

    An error of the block goes first.
    """
    if current_thread() is not main_thread():
        yield
        return
    caught: list[int] = []
    handlers = {held: signal.signal(held, lambda number, _: caught.append(number)) for held in _HELD}
    try:
        yield
    finally:
        for held, handler in handlers.items():
            signal.signal(held, handler)
    for number in caught[:1]:
        signal.raise_signal(number)
