"""A shard's log in Flink's state, to which the JVM has added the frame before Python is given it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.flink.operator import FlinkState
from tests.models.test_recovery import Ticking, cut, stumbling
from tests.models.test_shard import said


class Value:
    """What PyFlink's ValueState does for one key."""

    def __init__(self) -> None:
        self._value: bytes | None = None

    def value(self) -> bytes | None:
        return self._value

    def update(self, value: bytes) -> None:
        self._value = value


class Entries:
    """What PyFlink's ListState does for one key."""

    def __init__(self) -> None:
        self._entries: list[bytes] = []

    def get(self) -> list[bytes]:
        return list(self._entries)

    def add(self, entry: bytes) -> None:
        self._entries.append(entry)

    def clear(self) -> None:
        self._entries.clear()


@settings(deadline=None)
@given(
    bad=st.sets(st.integers(0, 59)),
    sizes=st.lists(st.integers(1, 25), min_size=1, max_size=4),
    crashes=st.sets(st.integers(0, 59)),
    step_s=st.sampled_from([0.0, 0.3, 5.0]),
)
def test_each_frame_is_learned_once_wherever_a_crash_comes(
    bad: set[int], sizes: list[int], crashes: set[int], step_s: float
) -> None:
    """A shard is opened while its frame is in the log already; a record that fails has it restored in the middle."""
    records = [{"a": -1.0 if i in bad else 1.0, "y": 1.0} for i in range(60)]
    log = Entries()
    state, clock = FlinkState(Value(), log), Ticking(step_s)
    live, got = None, []
    for number, frame in enumerate(cut(records, sizes)):
        log.add(frame)
        state.holds_frame = True
        if live is None or number in crashes:
            live = stumbling(state, clock)
        got += said(live.process(frame).predictions)
    assert got == [None if i in bad else float(sum(j not in bad for j in range(i))) for i in range(60)]
    assert stumbling(state).shard.learned == 60 - len(bad)
