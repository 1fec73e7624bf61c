"""Kernels compute what Python computes, to the last bit."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from schemas.kernel import Floats, exp, kernel, log, power


@kernel
def _roots(x: Floats, roots: Floats) -> None:
    for i in range(len(x)):
        roots[i] = power(x[i], 0.5)


@kernel
def _others(x: Floats, exponentials: Floats, logarithms: Floats) -> None:
    for i in range(len(x)):
        exponentials[i] = exp(x[i])
        logarithms[i] = log(x[i])


def test_powers_are_those_of_python_and_no_square_roots() -> None:
    x = np.random.default_rng(1).random(300_000)
    roots = np.empty_like(x)
    _roots(x, roots)
    assert roots.tolist() == [value**0.5 for value in x.tolist()]
    assert (roots != np.sqrt(x)).any()


def test_exponentials_and_logarithms_are_those_of_python() -> None:
    x = np.random.default_rng(2).random(100_000) * 20 + 1e-9
    exponentials, logarithms = np.empty_like(x), np.empty_like(x)
    _others(x, exponentials, logarithms)
    assert exponentials.tolist() == [math.exp(value) for value in x.tolist()]
    assert logarithms.tolist() == [math.log(value) for value in x.tolist()]


def test_a_kernel_is_compiled_again_when_what_it_calls_has_changed(tmp_path: Path) -> None:
    (tmp_path / "calling.py").write_text(CALLING)
    for answer in (1.0, 2.0):
        (tmp_path / "called.py").write_text(CALLED.format(answer))
        assert asked(tmp_path) == answer


def test_a_kernel_is_compiled_again_when_what_it_takes_has_another_name(tmp_path: Path) -> None:
    for name in ("Answer", "Reply"):
        (tmp_path / "calling.py").write_text(TAKING.format(name))
        assert asked(tmp_path) == 7.0


def test_a_kernel_is_compiled_again_when_a_constant_of_another_file_has_changed(tmp_path: Path) -> None:
    (tmp_path / "calling.py").write_text(NAMING)
    for answer in (3.0, 4.0):
        (tmp_path / "named.py").write_text(f"ANSWER = {answer}")
        assert asked(tmp_path) == answer


def test_a_kernel_that_is_kept_is_found_where_nothing_may_be_written(tmp_path: Path) -> None:
    (tmp_path / "called.py").write_text(CALLED.format(5.0))
    (tmp_path / "calling.py").write_text(CALLING)
    assert run(tmp_path, ASKING + COMPILED) == ["5.0", "['calling.ask']"]
    with only_readable(tmp_path):
        assert run(tmp_path, ASKING + COMPILED) == ["5.0", "[]"]


def test_a_kernel_is_compiled_where_it_can_be_kept_nowhere(tmp_path: Path) -> None:
    (tmp_path / "called.py").write_text(CALLED.format(6.0))
    (tmp_path / "calling.py").write_text(CALLING)
    with only_readable(tmp_path):
        assert run(tmp_path, ASKING + COMPILED) == ["6.0", "['calling.ask']"]
        assert run(tmp_path, ASKING + COMPILED) == ["6.0", "['calling.ask']"]


@contextmanager
def only_readable(folder: Path) -> Iterator[None]:
    """Inside, nothing may be written to a folder and to those in it."""
    folders = [folder, *(path for path in folder.iterdir() if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        yield
    finally:
        for path in folders:
            path.chmod(0o755)


def asked(folder: Path) -> float:
    """What the kernel in the folder answers, in a process of its own."""
    [answer] = run(folder, ASKING)
    return float(answer)


def run(folder: Path, code: str) -> list[str]:
    """The lines that some code prints in a process of its own, which may write what its user may, be it root."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{folder}:{Path.cwd()}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": str(folder),
    }
    mortal = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    command = [*mortal, sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=environment)
    return done.stdout.splitlines()


CALLED = """
from schemas.kernel import shared

@shared
def answer():
    return {}
"""
CALLING = """
from called import answer
from schemas.kernel import Floats, kernel

@kernel
def ask(into: Floats) -> None:
    into[0] = answer()
"""
NAMING = """
from named import ANSWER
from schemas.kernel import Floats, kernel

@kernel
def ask(into: Floats) -> None:
    into[0] = ANSWER
"""
ASKING = """
import numpy as np
from calling import ask
into = np.zeros(1)
ask(into)
print(into[0])
"""
COMPILED = """
from schemas.kernel import COMPILED
print([name for name in COMPILED if name.startswith("calling")])
"""
TAKING = """
from typing import NamedTuple
import numpy as np
from schemas.kernel import Floats, kernel

class {0}(NamedTuple):
    into: Floats
    value: float

@kernel
def fill(given: {0}) -> None:
    given.into[0] = given.value

def ask(into):
    fill({0}(into, 7.0))
"""
