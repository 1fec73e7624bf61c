from __future__ import annotations

import pytest

from engine.ingest.backlog import Backlog
from engine.ingest.limits import Limits
from engine.ingest.problem import Busy


def test_bytes_are_held_until_the_end_whatever_happens() -> None:
    backlog = Backlog(Limits(held_bytes=100))
    with backlog.holding() as first:
        first(60)
        with pytest.raises(Busy, match="60 bytes wait"), backlog.holding() as second:
            second(41)
        with backlog.holding() as second:
            second(40)
            assert backlog.held_bytes == 100
        assert backlog.held_bytes == 60
    assert backlog.held_bytes == 0


def test_the_oldest_record_decides() -> None:
    now = [0.0]
    backlog = Backlog(Limits(slow_after_s=2), clock=lambda: now[0])
    with backlog.waiting():
        now[0] = 2.0
        backlog.check()
        with backlog.waiting():
            now[0] = 2.5
            with pytest.raises(Busy, match="for 2 s"):
                backlog.check()
    backlog.check()
