from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from workflows.datasets import flights


@pytest.fixture(scope="session")
def first_flights() -> list[dict[str, Any]]:
    """The first 20,000 flights."""
    return list(islice(flights(), 20_000))
