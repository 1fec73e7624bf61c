from __future__ import annotations

import signal
from collections.abc import Callable
from threading import Thread

import pytest

from engine.interrupts import held_back


def interrupted(work: Callable[[], None]) -> None:
    with held_back():
        signal.raise_signal(signal.SIGINT)
        work()


def test_an_interrupt_waits_until_the_block_is_done() -> None:
    done: list[bool] = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin without it
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted(lambda: done.append(True))
        assert done == [True]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_word_to_end_waits_as_well() -> None:
    taken: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: taken.append(number))
    try:
        with held_back():
            signal.raise_signal(signal.SIGTERM)
            assert taken == []
        assert taken == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_error_within_is_not_replaced_by_the_interrupt() -> None:
    def fail() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        interrupted(fail)


def test_another_thread_only_does_what_it_does() -> None:
    done = []

    def work() -> None:
        with held_back():
            done.append(True)

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
