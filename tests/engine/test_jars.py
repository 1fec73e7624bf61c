from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from engine.jars import SETS, Jar, compile_jars, ecj, flink_jars, install, java, kafka_classpath, locked, parquet_jars
from schemas.errors import Fatal


def test_every_jar_is_pinned_by_its_content() -> None:
    jars = [jar for name in SETS for jar in locked(name)]
    assert all(len(jar.sha256) == 64 for jar in jars)
    assert len({jar.path.name for jar in jars}) == len(jars)


def test_the_flink_jars_come_without_their_dependencies() -> None:
    assert [path.name for path in flink_jars()] == [
        "flink-sql-connector-kafka-5.0.0-2.2.jar",
        "flink-sql-avro-confluent-registry-2.2.0.jar",
    ]


def test_installed_jars_are_whole() -> None:
    install()
    for path in [*kafka_classpath(), *flink_jars(), *parquet_jars(), ecj(), *compile_jars()]:
        assert zipfile.is_zipfile(path)


def test_a_damaged_jar_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_CACHE", str(tmp_path))
    jar = Jar("org.example", "thing", "1", sha256="0" * 64)
    jar.path.parent.mkdir()
    jar.path.write_bytes(b"cut short")
    assert not jar.is_intact()


def test_the_runtime_is_java_17() -> None:
    said = subprocess.run([str(java()), "-version"], capture_output=True, text=True, check=True).stderr
    assert 'version "17.' in said


def test_without_a_network_there_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_CACHE", str(tmp_path))
    config = tmp_path / "jgo.conf"
    config.write_text("[repositories]\nmirror = http://127.0.0.1:1\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(config))
    with pytest.raises(Fatal, match=r'jar "ecj-3\.40\.0": cannot be downloaded') as caught:
        install(["ecj"])
    assert "network" in caught.value.hint
    assert [path.name for path in (tmp_path / "jars").iterdir()] == []
