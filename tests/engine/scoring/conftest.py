"""A real Redis for each test, and the API in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from engine.scoring import Catalog, Refresher, Service
from engine.scoring.metrics import Metrics
from models.allowlist import AllowList
from models.artifact import open_artifact
from sinks import AsyncFeatureReader, ModelNews, ModelReader
from tests.engine.scoring.lateness import AT, KEY
from tests.engine.scoring.running import running
from tests.sinks.redis_server import RedisServer, started


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that the test has for itself."""
    with started(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with started(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def api(redis_server: RedisServer) -> Iterator[httpx.Client]:
    """The whole API over `redis_server`, with a clock that stands still at `AT`."""
    catalog, metrics = Catalog(), Metrics()
    unseal = partial(open_artifact, key=KEY, allowed=AllowList())
    refresher = Refresher(ModelNews(redis_server.url), ModelReader(redis_server.url), catalog, unseal, metrics)
    service = Service(AsyncFeatureReader(redis_server.url), refresher, catalog, metrics, now_ms=lambda: AT)
    with running(service) as client:
        yield client
