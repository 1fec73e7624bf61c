"""Classes of the tests' own that run the shim's in a JVM."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.jars import flink_home, flink_jars, java, parquet_jars
from engine.jvm.compile import SOURCES, shim_jar

HARNESS = Path(__file__).parent / "headrace"


Run = Callable[..., str]


def compiled(folder: Path) -> Run:
    """The shim with the classes of the tests, compiled in an empty folder; runs one of them by its name."""
    shutil.copytree(SOURCES / "headrace", folder / "headrace")
    shutil.copytree(HARNESS, folder / "headrace", dirs_exist_ok=True)
    return partial(_run, shim_jar(folder))


def _run(shim: Path, name: str, *arguments: str, given: bytes) -> str:
    """What a class prints on standard output, of what is given on standard input."""
    jars = [shim, *flink_jars(), *parquet_jars(), *sorted((flink_home() / "lib").glob("*.jar"))]
    command = [str(java()), "-Xmx96m", "-cp", os.pathsep.join(map(str, jars)), f"headrace.{name}", *arguments]
    return subprocess.run(command, input=given, check=True, stdout=subprocess.PIPE).stdout.decode()
