from __future__ import annotations

from collections.abc import Iterator

import pytest

from schemas.registry_service import create_app, open_store
from tests.schemas.jvm_side import Jvm, running
from tests.schemas.serving import served


@pytest.fixture(scope="session")
def registry_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the real registry service; a test takes subjects of its own."""
    database = tmp_path_factory.mktemp("registry") / "registry.db"
    with open_store(f"sqlite:///{database}") as store, served(create_app(store)) as url:
        yield url


@pytest.fixture(scope="session")
def jvm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jvm]:
    with running(tmp_path_factory.mktemp("shim")) as session:
        yield session
