from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine.local.platform import Platform
from sources import Files
from tests.sources.feeding import Services, target
from tests.waiting import wait_until

COUNT = 40_000


@pytest.mark.services
def test_killed_at_any_point_it_goes_on_where_it_was(platform: Platform, tmp_path: Path) -> None:
    for part in range(4):
        numbers = range(part * COUNT // 4, (part + 1) * COUNT // 4)
        lines = [f"{number},text {number}" for number in numbers]
        (tmp_path / f"{part}.csv").write_text("\n".join(["number,text", *lines, ""]))
    services, to = Services.of(platform), target(Files(f"{tmp_path}/*.csv", partitions=1))
    chance = random.Random(7)
    for _ in range(4):
        limit = chance.randrange(1, COUNT)
        with services.process(to) as process:
            wait_until(lambda limit=limit: services.written(to) >= limit or not process.is_alive())
    services.feed(to)
    assert services.records(to) == [{"number": number, "text": f"text {number}"} for number in range(COUNT)]
