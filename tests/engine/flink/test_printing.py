"""Numba can be imported where PyFlink has put a method in the place of `print`."""

from __future__ import annotations

import subprocess
import sys

WORKER = """
import builtins
from pyflink.fn_execution.beam import beam_sdk_worker_main
builtins.print = replaced = beam_sdk_worker_main.CustomPrint(print).print
import engine.flink.operator, schemas.kernel
assert builtins.print == replaced
"""


def test_a_worker_of_pyflink_imports_the_operator() -> None:
    done = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
