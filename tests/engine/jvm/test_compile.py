from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from engine.jvm.compile import shim_jar
from schemas.errors import Fatal

UPPER = """
package headrace;
import org.apache.flink.api.common.functions.MapFunction;
public class Upper implements MapFunction<String, String> {
  public String map(String value) { return value.toUpperCase(); }
}
"""


def test_a_class_compiles_against_flink_and_is_compiled_once(tmp_path: Path) -> None:
    (tmp_path / "Upper.java").write_text(UPPER)
    jar = shim_jar(tmp_path)
    assert zipfile.ZipFile(jar).namelist() == ["headrace/Upper.class"]
    made_at = jar.stat().st_mtime_ns
    assert shim_jar(tmp_path) == jar
    assert jar.stat().st_mtime_ns == made_at


def test_another_content_is_another_jar(tmp_path: Path) -> None:
    (tmp_path / "Upper.java").write_text(UPPER)
    first = shim_jar(tmp_path)
    (tmp_path / "Upper.java").write_text(UPPER.replace("toUpperCase", "strip"))
    assert shim_jar(tmp_path) != first


def test_the_compiler_has_the_word(tmp_path: Path) -> None:
    (tmp_path / "Broken.java").write_text("public class Broken { int f() { return nothing; } }")
    with pytest.raises(Fatal, match="nothing cannot be resolved"):
        shim_jar(tmp_path)
