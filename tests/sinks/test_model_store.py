from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Fatal, Retryable
from schemas.version import Version
from sinks import (
    Announcement,
    ModelNews,
    ModelPublisher,
    ModelReader,
    ModelStore,
    StoredModel,
)
from sinks.model_archive import ModelArchive
from sinks.pace import Pace
from sinks.redis_connection import connect
from tests.sinks.redis_server import RedisServer

VERSIONS = st.builds(Version, st.integers(1, 12), st.sampled_from([0, 1, 9, 10, 1 << 50]))
numbers = count()


@given(versions=st.lists(VERSIONS, min_size=1))
def test_only_a_greater_version_replaces_a_model(server: RedisServer, versions: list[Version]) -> None:
    name = f"fence-{next(numbers)}"
    with ModelStore(name).open(server.url) as publisher, ModelReader(server.url) as reader:
        for at, version in enumerate(versions):
            live = max(versions[: at + 1])
            assert publisher.publish(0, version, repr(version).encode()) == (version == live)
            found = reader.fetch(name)
            assert found is not None
            assert (found.version, found.artifact) == (live, repr(live).encode())


async def names(url: str) -> dict[str, int]:
    async with ModelNews(url) as news:
        return await news.names()


def test_shards_are_apart_and_names_are_known(server: RedisServer, name: str) -> None:
    with ModelStore(name).open(server.url, shards=2) as publisher, ModelReader(server.url) as reader:
        assert name not in asyncio.run(names(server.url))
        publisher.publish(0, Version(1, 10), b"zero")
        publisher.publish(1, Version(1, 4), b"\x00\xffone")
        assert asyncio.run(names(server.url))[name] == 2
        assert [model.artifact for shard in range(3) if (model := reader.fetch(name, shard))] == [
            b"zero",
            b"\x00\xffone",
        ]


def test_fetch_gives_only_what_is_newer(server: RedisServer, name: str) -> None:
    with ModelStore(name).open(server.url) as publisher, ModelReader(server.url) as reader:
        assert reader.fetch(name) is None
        publisher.publish(0, Version(2, 10), b"model")
        assert reader.fetch(name, newer_than=Version(2, 10)) is None
        assert reader.fetch(name, newer_than=Version(2, 9)) is not None
        found = reader.fetch(name, newer_than=Version(1, 99))
        assert found is not None
        assert found == StoredModel(name, 0, Version(2, 10), found.published_at_ms, b"model")
        assert found.published_at_ms > 1_600_000_000_000


def test_epochs_are_taken_once_and_go_up(server: RedisServer, name: str) -> None:
    with ModelStore(name).open(server.url) as publisher, ThreadPoolExecutor(4) as threads:
        assert publisher.take_epoch() == 1
        assert publisher.take_epoch(at_least=7) == 8, "greater than the one in state"
        assert publisher.take_epoch(at_least=3) == 9, "greater than the counter"
        taken = list(threads.map(publisher.take_epoch, [0] * 40))
        assert sorted(taken) == list(range(10, 50))


def test_a_fresh_job_replaces_a_model_that_learned_more(server: RedisServer, name: str) -> None:
    with ModelStore(name).open(server.url) as dead, ModelStore(name).open(server.url) as fresh:
        old = dead.take_epoch()
        dead.publish(0, Version(old, 1_000_000), b"old")
        new = fresh.take_epoch()
        assert fresh.publish(0, Version(new, 1), b"new")
        assert not dead.publish(0, Version(old, 1_000_001), b"old")


def test_a_model_is_announced(server: RedisServer, name: str) -> None:
    async def listen(publisher: ModelPublisher) -> list[Announcement]:
        async with ModelNews(server.url) as news:
            heard = news.subscribe(wait_s=0.01)
            assert await anext(heard) is None, "listening"
            publisher.publish(3, Version(2, 10), b"model")
            publisher.publish(3, Version(1, 99), b"loses, so nothing is said")
            publisher.publish(3, Version(2, 11), b"model")
            return [word for _ in range(4) if (word := await anext(heard))]

    with ModelStore(name).open(server.url) as publisher:
        said = asyncio.run(listen(publisher))
    assert said == [Announcement(name, 3, Version(2, 10)), Announcement(name, 3, Version(2, 11))]


def test_publishing_keeps_its_pace(server: RedisServer, name: str) -> None:
    now = [0.0]
    publisher = ModelPublisher(connect(server.url), name, 2, Pace(1.0, clock=lambda: now[0]), archive=None)
    with publisher:
        assert publisher.due(0)
        publisher.publish(0, Version(1, 1), b"")
        assert (publisher.due(0), publisher.due(1)) == (False, True)
        now[0] = 1.0
        assert publisher.due(0)


def test_the_archive_keeps_the_newest_of_each_shard(tmp_path: Path) -> None:
    archive = ModelArchive(tmp_path.as_uri(), "late", 2, Pace(0))
    assert archive.versions(0) == []
    for version in [(1, 5), (1, 10), (2, 3), (1, 7)]:
        archive.write(0, Version(*version), repr(version).encode())
    archive.write(1, Version(1, 1), b"other")
    assert archive.versions(0) == [Version(1, 10), Version(2, 3)]
    assert (tmp_path / "late" / "2-3-0.model").read_bytes() == b"(2, 3)"
    assert sorted(file.name for file in (tmp_path / "late").iterdir()) == ["1-1-1.model", "1-10-0.model", "2-3-0.model"]


def test_a_publisher_archives_at_its_own_pace(server: RedisServer, name: str, tmp_path: Path) -> None:
    with ModelStore(name, archive_every="1h").open(server.url, str(tmp_path)) as publisher:
        for learned in range(3):
            publisher.publish(0, Version(1, learned), b"model")
    assert [file.name for file in (tmp_path / name).iterdir()] == ["1-0-0.model"]


def test_an_archive_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "late").write_text("a file where the folder belongs")
    with pytest.raises(Retryable, match=f'model archive "{tmp_path}/late"'):
        ModelArchive(str(tmp_path), "late", 2, Pace(0)).write(0, Version(1, 1), b"")
    with pytest.raises(Fatal, match='model archive "nothing://x"'):
        ModelArchive("nothing://x", "late", 2, Pace(0))
