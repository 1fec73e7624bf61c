from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.ingest.problem import Refused
from engine.ingest.topics import REREAD_S, Topics
from schemas.errors import Retryable
from schemas.registry import Registry
from schemas.registry_service import create_app, open_store
from sources.kafka_admin import TopicRules
from tests.schemas.serving import served

RULES = TopicRules(1 << 20)
OLD: dict[str, Any] = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "long"}]}
NEW: dict[str, Any] = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "double"}]}


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A client of a registry of its own."""
    database = f"sqlite:///{tmp_path}/registry.db"
    with open_store(database) as store, served(create_app(store)) as url, Registry(url) as registry:
        yield registry


def test_a_schema_is_read_again_after_a_while_and_kept_while_the_registry_is_away(tmp_path: Path) -> None:
    now = [0.0]
    with open_store(f"sqlite:///{tmp_path}/registry.db") as store:
        with served(create_app(store)) as url:
            registry = Registry(url)
            topics = Topics(registry, {"t": RULES}.get, clock=lambda: now[0])
            old = registry.register("t-value", OLD)
            assert topics["t"].schema_id == old
            new = registry.register("t-value", NEW)
            assert topics["t"].schema_id == old
            now[0] += REREAD_S
            assert topics["t"].schema_id == new
        now[0] += REREAD_S
        assert topics["t"].schema_id == new
        with pytest.raises(Retryable, match="registry"):
            topics["another"]
        registry.close()


@pytest.mark.parametrize(
    ("topic", "allowed", "hint"),
    [
        ("bare", (), 'register one as "bare-value"'),
        ("gone", (), "create it, or check the name"),
        ("t", ("u", "v"), "allowed are u, v"),
    ],
)
def test_a_topic_that_takes_no_records_is_refused(
    registry: Registry, topic: str, allowed: tuple[str, ...], hint: str
) -> None:
    for name in ("t", "gone"):
        registry.register(f"{name}-value", OLD)
    topics = Topics(registry, {"t": RULES, "bare": RULES}.get, allowed)
    with pytest.raises(Refused) as caught:
        topics[topic]
    assert (caught.value.reason, caught.value.hint) == ("unknown_topic", hint)


def test_a_topic_that_is_deleted_is_no_longer_known(registry: Registry) -> None:
    now, there = [0.0], {"t": RULES}
    registry.register("t-value", OLD)
    topics = Topics(registry, there.get, clock=lambda: now[0])
    assert topics["t"].topic == "t"
    there.clear()
    now[0] += REREAD_S
    with pytest.raises(Refused, match="is not on the broker"):
        topics["t"]
