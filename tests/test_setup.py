"""What `make setup` says where it cannot work: one sentence, and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts" / "setup.sh"


def setup(folder: Path, python: str, **environment: str) -> list[str]:
    """Run the script with a Python in a folder, and return its lines of error."""
    variables = {**os.environ, "PYTHON": python, "VENV": str(folder / "venv"), "UV_VERSION": "0.13.8", **environment}
    done = subprocess.run(["sh", str(SCRIPT)], cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    return done.stderr.splitlines()


def test_a_python_of_another_version_is_named(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2 && exit\necho syntax error >&2\nexit 1\n')
    old.chmod(0o755)
    assert setup(tmp_path, str(old)) == [
        f"error: headrace needs Python 3.11 or 3.12, and {old} is Python 3.9.2",
        "hint: name another one: make setup PYTHON=python3.11",
    ]


def test_a_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "python3.11"
    said, hint = setup(tmp_path, str(gone))
    assert said.startswith(f"error: headrace needs Python 3.11 or 3.12, and {gone} is ")
    assert hint == "hint: name another one: make setup PYTHON=python3.11"
    assert setup(tmp_path, "")[0] == "error: there is no Python"


def test_without_a_network_it_says_so(tmp_path: Path) -> None:
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:1")
    said = setup(tmp_path, sys.executable, PIP_RETRIES="1", NO_PROXY="", no_proxy="", **nowhere)
    assert said[-2:] == [
        "error: uv 0.13.8 cannot be installed",
        "hint: check the network and its proxy, or name a mirror in pip's own configuration",
    ]
