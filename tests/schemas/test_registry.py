from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from schemas.avro import load_schema
from schemas.codec import Decoder, Encoder
from schemas.errors import BadRecord, Fatal, Retryable
from schemas.registry import Registered, Registry
from tests.schemas.serving import served

TEXT = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "string"}]}
NUMBER = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "double"}]}


@pytest.fixture
def registry(registry_url: str) -> Iterator[Registry]:
    with Registry(registry_url) as session:
        yield session


@pytest.fixture
def subject() -> str:
    return f"{uuid.uuid4()}/é-value"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_registered_is_found(registry: Registry, subject: str) -> None:
    first = registry.register(subject, TEXT)
    second = registry.register(subject, NUMBER)
    assert first != second
    assert registry.register(subject, TEXT) == first
    assert registry.versions(subject) == [1, 2]
    assert subject in registry.subjects()
    assert registry.latest(subject) == Registered(second, 2, NUMBER, subject)
    assert registry.lookup(subject, TEXT) == Registered(first, 1, TEXT, subject)
    assert (registry.schema(first), registry.schema(second)) == (TEXT, NUMBER)


def test_subjects_share_the_id_of_one_schema(registry: Registry, subject: str) -> None:
    assert registry.register(subject, TEXT) == registry.register(f"{subject}-too", TEXT)


def test_a_record_finds_its_schema(registry: Registry, subject: str) -> None:
    schema = load_schema("phishing")
    record = {field["name"]: 0.5 for field in schema["fields"]} | {"is_phishing": True, "seen_at": 0}
    value = Encoder(schema, registry.register(subject, schema)).encode(record)
    assert Decoder(schema, registry.schema).decode(value)["is_phishing"] is True


def test_what_is_not_there_is_an_error(registry: Registry, subject: str) -> None:
    for call in (registry.latest, registry.versions, lambda name: registry.lookup(name, TEXT)):
        with pytest.raises(Fatal, match="40401"):
            call(subject)
    registry.register(subject, TEXT)
    with pytest.raises(Fatal, match="40403"):
        registry.lookup(subject, NUMBER)


def test_an_unknown_id_is_a_bad_record(registry: Registry) -> None:
    with pytest.raises(BadRecord, match="schema id 2000000000") as caught:
        registry.schema(2_000_000_000)
    assert caught.value.reason == "unknown_schema"


def test_an_unknown_id_is_asked_for_again_after_a_while(registry_url: str, subject: str) -> None:
    clock = Clock()
    with Registry(registry_url, clock=clock) as registry:
        following = registry.register(subject, _unique()) + 1
        with pytest.raises(BadRecord):
            registry.schema(following)
        schema = _unique()
        assert registry.register(subject, schema) == following
        with pytest.raises(BadRecord):
            registry.schema(following)
        clock.now = 10.0
        assert registry.schema(following) == schema


def _unique() -> dict[str, Any]:
    return {"type": "fixed", "name": f"f{uuid.uuid4().hex}", "size": 1}


def test_an_invalid_schema_is_refused(registry: Registry, subject: str) -> None:
    with pytest.raises(Fatal, match="42201"):
        registry.register(subject, {"type": "nonsense"})


def test_a_registry_that_is_away_is_named(subject: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://someone:secret@127.0.0.1:{port}"
    with Registry(url) as registry, pytest.raises(Retryable, match=rf"127\.0\.0\.1:{port}") as caught:
        registry.subjects()
    assert "HEADRACE_REGISTRY" in caught.value.hint
    assert "secret" not in str(caught.value)


def test_a_registry_that_says_nothing_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with Registry(url, timeout_s=0.05) as registry, pytest.raises(Retryable, match="no answer in time"):
            registry.schema(1)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8081", "ftp://host", "http://", "http://[::1"])
def test_an_address_that_is_none_is_fatal(url: str) -> None:
    with pytest.raises(Fatal, match="registry"):
        Registry(url)


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of a server that is not quite a registry."""
    app = FastAPI()

    @app.get("/schemas/ids/{id_}")
    def schema(id_: int) -> dict[str, str]:
        return {"schema": '"proto"', "schemaType": "PROTOBUF"} if id_ == 1 else {"schema": "{"}

    @app.get("/subjects")
    def subjects() -> str:
        return "none"

    with served(app) as url:
        yield url


def test_a_server_of_another_kind_is_fatal(stranger: str) -> None:
    with Registry(stranger) as registry:
        for call in (registry.subjects, lambda: registry.latest("a"), lambda: registry.schema(2)):
            with pytest.raises(Fatal, match="does not speak"):
                call()
        with pytest.raises(BadRecord, match="PROTOBUF"):
            registry.schema(1)
