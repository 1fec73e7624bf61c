"""Kernels compute what Python computes, to the last bit."""

from __future__ import annotations

import math
import os
import subprocess
import sys
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


def asked(folder: Path) -> float:
    """What the kernel in the folder answers, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": f"{folder}:{Path.cwd()}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", ASKING]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=environment)
    return float(done.stdout)


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
