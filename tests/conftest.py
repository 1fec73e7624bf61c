from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.local.leftovers import processes_of
from engine.local.platform import Platform, down, up
from engine.settings import Settings
from tests import postgres
from tests.kafka_sockets import leave_to_the_collector


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Platform]:
    """The whole local platform on the real services, in a folder and on ports of its own, for all tests of a run."""
    settings = Settings.load(home=tmp_path_factory.mktemp("platform"))
    running = up(settings)
    leave_to_the_collector(request.config, running.addresses.kafka)
    yield running
    assert down(settings)
    assert processes_of(running.home) == []


@pytest.fixture(scope="session")
def database() -> Iterator[postgres.Postgres]:
    """A PostgreSQL for all tests of a run; each uses tables of its own."""
    with postgres.started() as server:
        yield server
