"""What is too large, unknown or damaged is refused as a whole, and nothing of it is written."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import httpx
import orjson
import pytest

from engine.ingest.limits import Limits
from engine.local.platform import Platform
from tests.engine.ingest.running import Stop, running, stop, trip
from tests.engine.ingest.test_formats import WHOLE, container

pytestmark = pytest.mark.services
JSON = {"content-type": "application/json"}
AVRO = {"content-type": "avro/binary"}
CHUNK = bytes(64 << 10)
LIMITS = Limits(body_bytes=20_000, records=100)


@pytest.fixture(scope="module")
def strict(platform: Platform) -> Iterator[httpx.Client]:
    """A service that takes little at once."""
    with running(platform, LIMITS) as client:
        yield client


def many(count: int) -> list[dict[str, object]]:
    return [trip(number) for number in range(count)]


def test_a_body_that_announces_too_much_is_not_read(strict: httpx.Client, topic: Stop) -> None:
    answer = strict.post(topic.path, content=bytes(20_001), headers=JSON)
    assert (answer.status_code, answer.json()["title"]) == (413, "too_large")


def test_a_body_without_an_end_is_read_to_the_limit(strict: httpx.Client, topic: Stop) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(10_000):
            sent += len(CHUNK)
            yield CHUNK

    answer = strict.post(topic.path, content=endless(), headers=JSON)
    assert (answer.status_code, answer.json()["title"]) == (413, "too_large")
    assert sent < 32 << 20  # what fits the buffers on the way, and no more


def test_a_small_body_that_unpacks_to_a_large_one_is_refused(strict: httpx.Client, topic: Stop) -> None:
    bomb = gzip.compress(bytes(10 << 20))
    assert len(bomb) < 20_000
    answer = strict.post(topic.path, content=bomb, headers=JSON | {"content-encoding": "gzip"})
    assert answer.status_code == 413
    answer = strict.post(topic.path, content=container([WHOLE[0] | {"car": "a" * 90_000}], "deflate"), headers=AVRO)
    assert (answer.status_code, "unpacked" in answer.json()["detail"]) == (413, True)


def test_too_many_records_are_refused(strict: httpx.Client, topic: Stop) -> None:
    for content, headers in (
        (orjson.dumps(many(101)), JSON),
        (b"{}\n" * 101, {"content-type": "application/x-ndjson"}),
        (container([record | {"legs": []} for record in many(101)]), AVRO),
    ):
        answer = strict.post(topic.path, content=content, headers=headers)
        assert answer.status_code == 413
        assert "records" in answer.json()["detail"]
    assert topic.stored() == []
    assert strict.post(topic.path, json=many(100)).json()["accepted"] == 100


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b'[{"number": 1', JSON, 400),
        (b"", JSON, 400),
        (b"{}", {}, 415),
        (b"a=1", {"content-type": "application/x-www-form-urlencoded"}, 415),
        (b"{}", JSON | {"content-encoding": "br"}, 415),
        (b"no gzip", JSON | {"content-encoding": "gzip"}, 400),
        (gzip.compress(b"[]" * 99, mtime=0)[:-4], JSON | {"content-encoding": "gzip"}, 400),
        (container(WHOLE)[:-1], AVRO, 400),
        (container(WHOLE)[:40], AVRO, 400),
        (container(WHOLE, "bzip2"), AVRO, 415),
    ],
)
def test_what_is_not_understood_is_refused_whole(
    strict: httpx.Client, topic: Stop, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = strict.post(topic.path, content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert topic.stored() == []


@pytest.mark.parametrize("key", ["colour", "at", "legs"])
def test_what_cannot_be_a_key_is_refused(strict: httpx.Client, topic: Stop, key: str) -> None:
    answer = strict.post(topic.path, params={"key": key}, json=trip(1))
    assert (answer.status_code, answer.json()["title"]) == (422, "wrong_key")
    assert topic.stored() == []


def test_a_topic_that_takes_no_records_is_not_found(strict: httpx.Client, platform: Platform, topic: Stop) -> None:
    schemaless = Stop(platform, "nowhere")
    answer = strict.post(schemaless.path, json={})
    assert (answer.status_code, answer.json()["title"]) == (404, "unknown_topic")
    assert answer.json()["hint"] == 'register one as "nowhere-value"'
    schemaless.register({"type": "record", "name": "r", "fields": []})
    answer = strict.post(schemaless.path, json={})
    assert (answer.status_code, answer.json()["hint"]) == (404, "create it, or check the name")
    assert strict.get(topic.path).status_code == 405


def test_a_schema_that_changes_is_read_again(strict: httpx.Client, platform: Platform) -> None:
    topic = stop(platform)
    assert strict.post(topic.path, json=trip(1)).status_code == 202
    schema = {"type": "record", "name": "r", "fields": [{"name": "price", "type": "double"}]}
    topic.register(schema)
    answers = (strict.post(topic.path, json={"price": 1}) for _ in iter(int, 1))
    assert next(answer for answer in answers if answer.status_code == 202).json()["accepted"] == 1
    assert strict.post(topic.path, json=trip(2)).status_code == 422
