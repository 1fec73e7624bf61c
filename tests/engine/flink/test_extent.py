"""What a job may be asked to read, and what contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest

from engine.flink.configuration import JobSettings
from engine.flink.event_range import EventRange
from schemas.errors import Fatal


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2013-02-01", "2013-01-01", "is not before"),
        ("2013-01-01", "2013-01-01", "is not before"),
        ("2013-01-01T00:00:00+01:00", "2012-12-31T23:00", "is not before"),
        ("yesterday", None, 'instant "yesterday": expected a date'),
    ],
)
def test_a_range_that_holds_nothing_is_refused(first: str, last: str | None, said: str) -> None:
    with pytest.raises(Fatal, match=said):
        EventRange.parse(first, last)


def test_a_range_holds_its_first_millisecond_and_not_its_last() -> None:
    held = EventRange.parse("1970-01-01T00:00:01", "1970-01-01T00:00:01.000500")
    assert (held.first_ms, held.last_ms) == (1_000, 1_001)
    assert EventRange.parse("1969-12-31T23:59:59", None).first_ms == -1_000


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"backfill": True, "bounded": True}, "a backfill goes on"),
        ({"event_range": EventRange.parse("2013-01-01", None)}, "read to the end"),
    ],
)
def test_what_contradicts_itself_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(Fatal, match=said):
        JobSettings(**asked)
