"""The signing key is made once, for its owner alone, and not at all in production."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.signing import KEY_BYTES, signing_key
from schemas.errors import Fatal


def test_the_first_start_makes_a_key_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "signing.key"
    key = signing_key(path)
    assert len(key) >= KEY_BYTES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signing_key(path) == key
    assert os.listdir(path.parent) == ["signing.key"]


def test_all_who_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: signing_key(tmp_path / "signing.key"), range(32)))
    assert len(set(keys)) == 1


def test_production_makes_no_key(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"no such file.*production") as raised:
        signing_key(tmp_path / "signing.key", production=True)
    assert "HEADRACE_SIGNING_KEY" in raised.value.hint
    assert not list(tmp_path.iterdir())


def test_production_takes_a_key_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    path.write_bytes(b"x" * 40 + b"\n")
    path.chmod(0o400)
    assert signing_key(path, production=True) == b"x" * 40


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "signing.key"
    path.write_bytes(b"x" * 40)
    path.chmod(mode)
    with pytest.raises(Fatal, match="others may read") as raised:
        signing_key(path)
    assert "chmod 600" in raised.value.hint


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(Fatal, match="5 bytes, expected at least 32"):
        signing_key(path)


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Fatal, match=r"signing\.key"):
        signing_key(tmp_path / "file" / "signing.key")
