"""Classes of the tests' own that run the shim's in a JVM."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from engine.jars import flink_home, flink_jars, java, parquet_jars
from engine.jvm.compile import SOURCES, shim_jar

HARNESS = Path(__file__).parent / "headrace"


def run_java(name: str, *arguments: str, given: bytes, folder: Path) -> str:
    """What the class of a name prints on standard output, of what is given on standard input; compiled in a folder."""
    shutil.copytree(SOURCES / "headrace", folder / "shim" / "headrace")
    shutil.copy(HARNESS / f"{name}.java", folder / "shim" / "headrace")
    jars = [shim_jar(folder / "shim"), *flink_jars(), *parquet_jars(), *sorted((flink_home() / "lib").glob("*.jar"))]
    command = [str(java()), "-Xmx96m", "-cp", os.pathsep.join(map(str, jars)), f"headrace.{name}", *arguments]
    return subprocess.run(command, input=given, check=True, stdout=subprocess.PIPE).stdout.decode()
