from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sinks.redis_server import RedisServer, started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with started(tmp_path_factory.mktemp("redis")) as server:
        yield server
