from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings as properties

from engine.flink.rest import FlinkRest
from engine.local.leftovers import processes_of
from engine.local.platform import Platform, down, up
from engine.settings import Settings
from tests import postgres
from tests.kafka_sockets import leave_to_the_collector

# no test asserts a time
properties.register_profile("headrace", deadline=None)
properties.load_profile("headrace")


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Platform]:
    """The whole local platform on the real services, in a folder and on ports of its own, for all tests of a run."""
    settings = Settings.load(home=tmp_path_factory.mktemp("platform"))
    running = up(settings)
    leave_to_the_collector(request.config, running.addresses.kafka)
    yield running
    assert down(settings)
    assert processes_of(running.home) == []


@pytest.fixture(autouse=True)
def _no_jobs_are_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """The jobs of a test that fails would keep the slots that the next one needs."""
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed and "platform" in request.fixturenames:
        with FlinkRest(request.getfixturevalue("platform").addresses.flink) as flink:
            for job in flink.jobs():
                if job.is_live:
                    flink.cancel(job.id)


@pytest.fixture(scope="session")
def database() -> Iterator[postgres.Postgres]:
    """A PostgreSQL for all tests of a run; each uses tables of its own."""
    with postgres.started() as server:
        yield server
