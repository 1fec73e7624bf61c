from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LEAVE_A_FILE = """
import sys
from pathlib import Path
from engine.flink import gateway
gateway.prepare(Path(sys.argv[1]))
print(gateway.jvm().java.io.File.createTempFile("left", None).getPath())
"""


@pytest.mark.services
def test_what_the_jvm_leaves_is_in_our_folder_and_goes_with_the_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LEAVE_A_FILE, str(tmp_path)]
    left = Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    assert left.is_relative_to(tmp_path / "client")
    assert sorted(path.name for path in (tmp_path / "client").iterdir()) == ["config.yaml", "log4j-cli.properties"]
