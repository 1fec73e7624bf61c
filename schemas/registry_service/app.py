"""The registry's REST API. Source: Confluent Schema Registry API reference."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import FastAPI, Path, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from schemas.avro import canonical, parse
from schemas.registry_service.answers import (
    INVALID_SCHEMA,
    INVALID_VERSION,
    SCHEMA_NOT_FOUND,
    SUBJECT_NOT_FOUND,
    VERSION_NOT_FOUND,
    Answer,
    Refused,
    answer_errors,
)
from schemas.registry_service.store import Store, Stored
from schemas.scan import InvalidSchema

_NUMBER_MAX = (1 << 31) - 1


class Proposal(BaseModel):
    """A schema to register or look up, as the JSON text of an Avro schema."""

    text: Annotated[str, Field(alias="schema", examples=['{"type": "string"}'])]
    type: Annotated[str, Field(alias="schemaType")] = "AVRO"
    references: list[dict[str, Any]] = []

    def parsed(self) -> Any:
        """The schema as JSON. Raises Refused unless it is an Avro schema that stands for itself."""
        if self.type != "AVRO" or self.references:
            raise Refused(INVALID_SCHEMA, "expected a schema of type AVRO without references")
        try:
            schema = json.loads(self.text, parse_constant=_refuse_constant)
            parse(schema)
        except (InvalidSchema, ValueError, RecursionError) as error:
            raise Refused(INVALID_SCHEMA, f"Invalid schema: {error}") from error
        return schema


def create_app(store: Store) -> FastAPI:
    """The registry over `store`."""
    app = FastAPI(title="Headrace schema registry", default_response_class=Answer)
    answer_errors(app)
    _add_subjects(app, store)

    @app.get("/schemas/ids/{id_}")
    def schema_by_id(id_: Annotated[int, Path(ge=0, le=_NUMBER_MAX)]) -> dict[str, str]:
        text = store.text(id_)
        if text is None:
            raise Refused(SCHEMA_NOT_FOUND, f"Schema {id_} not found")
        return {"schema": text}

    @app.get("/config")
    def config() -> dict[str, str]:
        return {"compatibilityLevel": "NONE"}

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        store.subjects()
        return {"status": "ok"}

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


def _add_subjects(app: FastAPI, store: Store) -> None:
    @app.get("/subjects")
    def subjects() -> list[str]:
        return store.subjects()

    @app.get("/subjects/{subject:path}/versions")
    def versions(subject: str) -> list[int]:
        numbers = store.versions(subject)
        if not numbers:
            raise _no_subject(subject)
        return numbers

    @app.get("/subjects/{subject:path}/versions/{version}")
    def version(subject: str, version: str) -> dict[str, Any]:
        stored = store.latest(subject) if version in ("latest", "-1") else store.version(subject, _number(version))
        if stored is not None:
            return _shown(stored)
        if store.latest(subject) is None:
            raise _no_subject(subject)
        raise Refused(VERSION_NOT_FOUND, f"Version {version} not found.")

    @app.post("/subjects/{subject:path}/versions")
    def register(subject: str, proposal: Proposal) -> dict[str, int]:
        schema = proposal.parsed()
        return {"id": store.register(subject, json.dumps(schema, separators=(",", ":")), canonical(schema)).id}

    @app.post("/subjects/{subject:path}")
    def lookup(subject: str, proposal: Proposal) -> dict[str, Any]:
        stored = store.lookup(subject, canonical(proposal.parsed()))
        if stored is not None:
            return _shown(stored)
        if store.latest(subject) is None:
            raise _no_subject(subject)
        raise Refused(SCHEMA_NOT_FOUND, "Schema not found")


def _number(version: str) -> int:
    if version.isascii() and version.isdigit() and len(version) <= 10 and 1 <= int(version) <= _NUMBER_MAX:
        return int(version)
    raise Refused(INVALID_VERSION, f'The specified version "{version}" is not valid: a number from 1, or "latest"')


def _shown(stored: Stored) -> dict[str, Any]:
    return {"subject": stored.subject, "version": stored.version, "id": stored.id, "schema": stored.text}


def _no_subject(subject: str) -> Refused:
    return Refused(SUBJECT_NOT_FOUND, f'Subject "{subject}" not found.')


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
