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
def test_what_the_jvm_leaves_goes_with_the_process(tmp_path: Path) -> None:
    home = tmp_path / "a home with spaces"
    command = [sys.executable, "-c", LEAVE_A_FILE, str(home)]
    left = Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    assert left.parent.name.startswith("headrace-client-")
    assert not left.parent.exists()
    assert (home / "logs" / "client.log").exists()
