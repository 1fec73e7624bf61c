from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.durations import parse_duration
from schemas.errors import Fatal


@pytest.mark.parametrize(
    ("text", "seconds"), [("250ms", 0.25), ("1s", 1), ("10m", 600), ("3h", 10_800), ("2d", 172_800), ("0s", 0)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "10", "m", "1.5h", "-1s", "10 m", "10M", "1w", "1s\n", "٣s", "9" * 20 + "d", "9" * 5000 + "s"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Fatal, match="duration"):
        parse_duration(text)
