from __future__ import annotations

import pytest

from tests.engine.jvm.harness import Run, compiled


@pytest.fixture(scope="session")
def run_java(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return compiled(tmp_path_factory.mktemp("shim"))
