from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from engine.local.platform import Platform
from tests.engine.ingest.running import Stop, stop
from tests.waiting import PATIENCE_S


@pytest.fixture
def topic(platform: Platform) -> Stop:
    """A fresh topic with the schema of trips."""
    return stop(platform)


@pytest.fixture
def client(platform: Platform) -> Iterator[httpx.Client]:
    """A client of the platform's own ingest service."""
    with httpx.Client(base_url=platform.addresses.ingest, timeout=PATIENCE_S, trust_env=False) as client:
        yield client
