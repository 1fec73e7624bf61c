"""No topic is read far ahead of a slower one, as long as there is something to wait for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.jvm.harness import Run

FAR = 20_000  # records, engine/jvm/headrace/Alignment.java


Play = Callable[..., list[str]]


@pytest.fixture
def play(run_java: Run) -> Play:
    """What comes of each line of a script, by what tests/engine/jvm/headrace/Aligning.java does with it."""

    def played(script: str, *, end: int = 0) -> list[str]:
        return run_java("Aligning", str(end), given=script.encode()).splitlines()

    return played


def test_a_reader_waits_once_it_is_far_ahead_and_until_the_others_have_come_as_far(play: Play) -> None:
    script = f"""reached a0 5000 100 1
reached b0 4000 900 1
reached b0 9000 {900 + FAR} 2
reached b0 9001 {900 + FAR + 1} 3
reached a0 8000 9999999 4
reached b0 9001 {900 + FAR + 1} 5
reached a0 9001 9999999 6
reached b0 9001 {900 + FAR + 1} 7"""
    waits = ["goes on", "goes on", "goes on", "waits", "goes on", "waits", "goes on", "goes on"]
    assert play(script) == waits


@pytest.mark.parametrize("leaves", ["caught-up a0", "closed a", ""])
def test_a_reader_that_has_caught_up_or_ended_or_says_nothing_for_a_minute_is_not_waited_for(
    leaves: str, play: Play
) -> None:
    later = 62 if not leaves else 2
    script = f"""reached a0 10 1 1
reached b0 10 1 1
reached b0 11 {FAR + 2} 1
{leaves or "reached c0 12 1 1"}
reached b0 11 {FAR + 2} {later}"""
    assert play(script)[-1] == "goes on"


def test_a_reader_that_has_yet_to_see_an_event_time_is_waited_for(play: Play) -> None:
    none = -(2**63)
    script = f"""reached a0 {none} 70 1
reached b0 10 1 1
reached b0 10 {FAR + 1} 2"""
    assert play(script) == ["goes on", "goes on", "waits"]


def test_a_reader_asks_while_it_waits_and_says_when_it_has_caught_up(play: Play) -> None:
    script = """poll 63
poll 1
answer ahead
poll 1
wait
poll 1
answer on
poll 36
poll 1
answer ahead
poll 1"""
    assert play(script, end=100) == [
        "MORE_AVAILABLE",
        "Reached[eventTime=63, count=64]",
        "MORE_AVAILABLE",
        # no record more, and it will be asked again
        "Reached[eventTime=63, count=64]",
        "NOTHING_AVAILABLE, later",
        "Reached[eventTime=63, count=64]",
        "NOTHING_AVAILABLE, later",
        "MORE_AVAILABLE, later",
        "CaughtUp[]",
        "NOTHING_AVAILABLE, later",
        # an answer that comes too late
        "NOTHING_AVAILABLE, later",
    ]
