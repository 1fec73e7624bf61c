"""The shim's jar: compiled by ECJ on the bundled runtime, so no JDK is needed, and cached by content."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import zipfile
from pathlib import Path

from engine.cache import cache_folder
from engine.jars import compile_jars, ecj, flink_home, flink_jars, java, parquet_jars
from schemas.errors import Fatal

SOURCES = Path(__file__).parent
_OPTIONS = ["-source", "17", "-target", "17", "-encoding", "UTF-8", "-proc:none", "-nowarn", "-g"]


def shim_jar(folder: Path = SOURCES) -> Path:
    """Compile the Java classes under `folder`, unless that was done before, and return their jar.

    Raises `Fatal` with the compiler's own words if they do not compile.
    """
    sources = sorted(folder.rglob("*.java"))
    classpath = _classpath()
    jar = cache_folder() / "shim" / f"headrace-shim-{_fingerprint(folder, sources, classpath)}.jar"
    if jar.exists():
        return jar
    jar.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jar.parent, prefix=".build-") as scratch:
        classes = Path(scratch) / "classes"
        _compile(sources, classpath, classes)
        packed = Path(scratch) / jar.name
        _pack(classes, packed)
        os.replace(packed, jar)
    return jar


def _classpath() -> list[Path]:
    home = flink_home()
    python = sorted((home / "opt").glob("flink-python*.jar"))
    return [*sorted((home / "lib").glob("*.jar")), *python, *flink_jars(), *parquet_jars(), *compile_jars()]


def _fingerprint(folder: Path, sources: list[Path], classpath: list[Path]) -> str:
    digest = hashlib.sha256(" ".join([ecj().name, *_OPTIONS, *(jar.name for jar in classpath)]).encode())
    for source in sources:
        digest.update(f"\0{source.relative_to(folder)}\0".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _compile(sources: list[Path], classpath: list[Path], classes: Path) -> None:
    command = [str(java()), "-jar", str(ecj()), *_OPTIONS, "-d", str(classes)]
    command += ["-classpath", os.pathsep.join(map(str, classpath)), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Fatal(f"the JVM shim does not compile:\n{(done.stderr or done.stdout).strip()}")


def _pack(classes: Path, jar: Path) -> None:
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(classes.rglob("*.class")):
            archive.write(file, file.relative_to(classes))
