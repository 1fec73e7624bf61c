"""Numba takes a second to import, and kernels take seconds to compile: both only where and when they are to."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.install import KERNELS


def loaded(code: str) -> set[str]:
    """The modules that are loaded once a process has run some code."""
    code += "; import sys; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("module", ["engine.cli.app", "engine.workflow", "engine.scoring.command"])
def test_numba_is_not_imported_before_it_is_needed(module: str) -> None:
    modules = loaded(f"import {module}")
    assert module in modules
    assert "numba" not in modules


def test_all_kernels_are_compiled_where_headrace_is_installed() -> None:
    files = [path for folder in ("models", "schemas") for path in Path(folder).rglob("*.py")]
    having = [path for path in files if re.search(r"^@kernel$", path.read_text(), re.MULTILINE)]
    kernels = {".".join(path.with_suffix("").parts) for path in having}
    assert kernels
    assert kernels <= loaded(f"import {', '.join(KERNELS)}")
