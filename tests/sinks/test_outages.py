"""What a sink and a reader say when Redis is away, full or busy, and that they go on when it is back."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import redis

from schemas.errors import Fatal, Retryable
from schemas.version import Version
from sinks import (
    AsyncFeatureReader,
    FeatureKey,
    FeatureReader,
    FeatureRow,
    FeatureStore,
    FeatureWriter,
    Generations,
    ModelNews,
    ModelReader,
    ModelStore,
)
from tests.sinks.redis_server import RedisServer, free_port, started

LOOKUP = FeatureKey("origin", "EWR", "delays")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that the test may stop, fill and break."""
    with started(tmp_path) as server:
        yield server


@pytest.fixture
def writer(own: RedisServer) -> Iterator[FeatureWriter]:
    with FeatureStore("origin").open(own.url, "flights", 1) as writer:
        yield writer


def row(event_time: int) -> FeatureRow:
    return FeatureRow("origin", "EWR", "delays", {"mean": 0.5}, event_time, 0, event_time)


async def read(url: str) -> None:
    async with AsyncFeatureReader(url) as reader:
        await reader.read("flights", [LOOKUP])


async def hear(url: str) -> None:
    async with ModelNews(url) as news:
        async for _ in news.subscribe():
            pass


async def names(url: str) -> None:
    async with ModelNews(url) as news:
        await news.names()


AWAY: list[Callable[[str], object]] = [
    lambda url: FeatureStore("origin").open(url, "flights", 1),
    lambda url: FeatureReader(url).read("flights", [LOOKUP]),
    lambda url: asyncio.run(read(url)),
    lambda url: Generations(url, "flights").next(),
    lambda url: Generations(url, "flights").current(),
    lambda url: ModelStore("late").open(url),
    lambda url: ModelReader(url).fetch("late"),
    lambda url: asyncio.run(names(url)),
    lambda url: asyncio.run(hear(url)),
]


@pytest.mark.parametrize("use", AWAY)
def test_redis_away_names_the_address_and_the_setting(use: Callable[[str], object]) -> None:
    port = free_port()
    with pytest.raises(Retryable, match=f'redis "127.0.0.1:{port}": cannot be reached') as caught:
        use(f"redis://:secret@127.0.0.1:{port}/0")
    assert "HEADRACE_REDIS or --redis" in caught.value.hint
    assert "secret" not in str(caught.value)


def test_after_a_restart_work_goes_on_with_what_was_stored(own: RedisServer, writer: FeatureWriter) -> None:
    with FeatureReader(own.url) as reader:
        assert writer.write([row(5)], {"0/1.flights.0": 5}) == 1
        assert reader.read("flights", [LOOKUP]) == [row(5)]
        own.kill()
        for attempt in (lambda: writer.write([row(6)]), lambda: reader.read("flights", [LOOKUP])):
            with pytest.raises(Retryable):
                attempt()
        own.start()
        assert reader.read("flights", [LOOKUP]) == [row(5)]
        assert writer.write([row(4)]) == 0
        assert writer.write([row(6)]) == 1
        assert reader.read("flights", [LOOKUP]) == [row(6)]


def test_a_restart_between_two_writes_is_not_even_noticed(own: RedisServer, writer: FeatureWriter) -> None:
    writer.write([row(1)])
    own.kill()
    own.start()
    assert writer.write([row(2)]) == 1


def test_a_server_that_does_not_answer_is_away(own: RedisServer, writer: FeatureWriter) -> None:
    own.signal(signal.SIGSTOP)
    with pytest.raises(Retryable, match="cannot be reached"):
        writer.write([row(1)])
    own.signal(signal.SIGCONT)
    assert writer.write([row(1), row(2)]) == 1
    assert writer.write([row(2)]) == 0


@pytest.mark.parametrize(
    ("broken", "mended", "said"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), "OOM"),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), "READONLY"),
        (
            ("CONFIG", "SET", "min-replicas-to-write", "1"),
            ("CONFIG", "SET", "min-replicas-to-write", "0"),
            "NOREPLICAS",
        ),
    ],
)
def test_a_server_that_cannot_write_now_is_waited_for(
    own: RedisServer, writer: FeatureWriter, broken: tuple[str, ...], mended: tuple[str, ...], said: str
) -> None:
    publisher = ModelStore("late").open(own.url)
    with own.client() as client:
        client.execute_command(*broken)
        with pytest.raises(Retryable, match=said):
            writer.write([row(1)])
        with pytest.raises(Retryable, match=said):
            publisher.publish(0, Version(1, 1), b"model")
        assert publisher.due(0)
        client.execute_command(*mended)
    assert writer.write([row(1)]) == 1
    assert publisher.publish(0, Version(1, 1), b"model")
    publisher.close()


def test_a_busy_server_is_waited_for(own: RedisServer, writer: FeatureWriter) -> None:
    def block() -> None:
        with own.client() as client, pytest.raises(redis.ResponseError, match="killed"):
            client.eval("while true do end", 0)

    def write_for_ever() -> None:
        for event_time in count():
            writer.write([row(event_time)])

    with own.client() as client:
        client.config_set("lua-time-limit", 10)
        blocker = threading.Thread(target=block)
        blocker.start()
        with pytest.raises(Retryable, match="BUSY"):
            write_for_ever()
        client.script_kill()
        blocker.join(10)
    assert writer.write([row(1 << 40)]) == 1


def test_a_password_that_is_refused_is_fatal(own: RedisServer) -> None:
    with own.client() as client:
        client.config_set("requirepass", "right")
    for url in (own.url, own.url.replace("//", "//:wrong@")):
        with pytest.raises(Fatal, match="refuses our name or password") as caught:
            FeatureStore("origin").open(url, "flights", 1)
        assert "wrong" not in caught.value.message.replace("WRONGPASS", "")
    FeatureStore("origin").open(own.url.replace("//", "//:right@"), "flights", 1).close()


def test_a_key_that_is_something_else_is_fatal(own: RedisServer, writer: FeatureWriter) -> None:
    with own.client() as client:
        client.set("headrace:{flights}:features:1:origin:EWR", "not a hash")
    with pytest.raises(Fatal, match="WRONGTYPE"):
        writer.write([row(1)])
