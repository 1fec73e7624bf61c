"""The JVM asks the registry for schemas as Python does, and makes the same of what it hears."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response

from schemas.codec import Decoder
from schemas.errors import BadRecord, Fatal, Retryable
from schemas.registry import Registry
from tests.schemas.jvm_side import Jvm
from tests.schemas.serving import served

SCHEMA: dict[str, Any] = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "double"}]}
TWICE = {**SCHEMA, "fields": SCHEMA["fields"] * 2}
GOOD = json.dumps({"schema": json.dumps(SCHEMA)})


def _schema(text: str, kind: str = "AVRO") -> tuple[int, str]:
    return 200, json.dumps({"schema": text, "schemaType": kind})


def _error(status: int, code: int) -> tuple[int, str]:
    return status, json.dumps({"error_code": code, "message": "so it is"})


NO_RECORDS = {
    "missing": _error(404, 40403),
    "not Avro": _schema("syntax = 'proto3';", "PROTOBUF"),
    "a broken schema": _schema('{"type": "nothing"}'),
    "a schema without a type": _schema("{}"),
    "two fields of one name": _schema(json.dumps(TWICE)),
}
REFUSALS = {
    "unauthorized": _error(401, 401),
    "forbidden": (403, "go away"),
    "another error": _error(422, 42201),
    "another service": (404, "not found"),
    "moved": (302, ""),
    "no JSON": (200, "hello"),
    "no schema": (200, "{}"),
    "a schema that is no JSON": _schema("{"),
}
TROUBLE = {"a server error": (503, "wait"), "too many requests": _error(429, 429)}
ANSWERS = [*NO_RECORDS.values(), *REFUSALS.values(), *TROUBLE.values()]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A registry with an answer of its own for each id; one that is in trouble the first two times, and then well."""
    app, asked = FastAPI(), [0] * len(ANSWERS)

    @app.get("/schemas/ids/{id_}")
    def answer(id_: int) -> Response:
        status, body = ANSWERS[id_]
        asked[id_] += 1
        if (status, body) in TROUBLE.values() and asked[id_] > 2:
            status, body = 200, GOOD
        return PlainTextResponse(body, status)

    with served(app) as address:
        yield address


@pytest.mark.parametrize("answer", NO_RECORDS.values(), ids=NO_RECORDS)
def test_a_schema_that_is_none_makes_a_bad_record(jvm: Jvm, url: str, answer: tuple[int, str]) -> None:
    id_ = ANSWERS.index(answer)
    with Registry(url) as registry, pytest.raises(BadRecord) as refused:
        Decoder(SCHEMA, registry.schema).decode(b"\0" + id_.to_bytes(4, "big") + bytes(8))
    assert refused.value.reason == "unknown_schema"
    assert jvm.looks_up(url, id_) == ""


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
def test_a_registry_that_refuses_stops_the_job(jvm: Jvm, url: str, answer: tuple[int, str]) -> None:
    id_ = ANSWERS.index(answer)
    with Registry(url) as registry, pytest.raises(Fatal) as refused:
        registry.schema(id_)
    told, stranger = jvm.looks_up(url, id_), "does not speak the registry protocol"
    assert told.startswith(f'registry "{url}": ')
    assert (stranger in told) == (stranger in refused.value.message)
    assert told.partition("\nhint: ")[2] == refused.value.hint


@pytest.mark.parametrize("answer", TROUBLE.values(), ids=TROUBLE)
def test_a_registry_in_trouble_is_waited_for(jvm: Jvm, url: str, answer: tuple[int, str]) -> None:
    id_ = ANSWERS.index(answer)
    with Registry(url) as registry, pytest.raises(Retryable):
        registry.schema(id_)
    assert json.loads(jvm.looks_up(url, id_)) == SCHEMA
