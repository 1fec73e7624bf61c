from __future__ import annotations

from pathlib import Path

import pytest

from engine.local.leftovers import processes_of
from engine.local.platform import up
from engine.settings import Settings
from schemas.errors import Fatal


def test_up_on_a_full_disk_starts_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to("/proc")  # where nothing is ever free
    with pytest.raises(Fatal, match=r'data ".*": 0 MiB are free on this disk, expected at least 256 MiB') as caught:
        up(Settings.load(home=tmp_path))
    assert "--home" in caught.value.hint
    assert processes_of(tmp_path) == []
