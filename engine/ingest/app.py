"""The ingest service over HTTP: a thin shell around topics, intake and the writer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated

import orjson
from fastapi import FastAPI, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from engine.http_problem import answer_http_error
from engine.ingest import api_text
from engine.ingest.access import Access
from engine.ingest.backlog import Backlog
from engine.ingest.bodies import check_length, read_body, unpacking
from engine.ingest.formats import reading
from engine.ingest.intake import Batch, Outcome, conclude, sort_out
from engine.ingest.limits import Limits
from engine.ingest.metrics import Metrics
from engine.ingest.outlet import Outlet
from engine.ingest.topics import Target, Topics
from engine.ingest.wire import answer, refusal
from schemas.errors import HeadraceError, Retryable
from schemas.registry import Registry

Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False))]
Key = Annotated[str | None, Query(description=api_text.KEY)]


@dataclass(frozen=True)
class Service:
    """What the API needs; `topics` asks `registry`, and `backlog` has the same `limits`."""

    registry: Registry
    topics: Topics
    outlet: Outlet
    access: Access
    limits: Limits
    backlog: Backlog
    metrics: Metrics = field(default_factory=Metrics)


def create_app(service: Service) -> FastAPI:
    """The API; while it runs, so does the way to Kafka. At the end it waits for what is on its way there."""

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        with service.registry:
            async with service.outlet:
                yield

    app = FastAPI(title="Headrace ingest", summary="Records over HTTP into Kafka", lifespan=running)
    app.add_exception_handler(HTTPException, answer_http_error)
    _add_records(app, service)
    _add_operations(app, service)
    return app


def _add_records(app: FastAPI, service: Service) -> None:
    metrics = service.metrics

    @app.post(
        "/topics/{topic}/records",
        openapi_extra=api_text.RECORDS,
        responses=api_text.ANSWERS,
        response_class=Response,
        status_code=202,
        summary="Write records to a topic",
    )
    async def write(topic: str, request: Request, key: Key = None, bearer: Bearer = None) -> Response:
        started = time.perf_counter()
        with metrics.requests_in_flight.track_inprogress():
            try:
                service.access.check(bearer.credentials if bearer else None)
                response = answer(await _take(service, topic, request, key))
            except ClientDisconnect:
                return Response(status_code=400)
            except HeadraceError as error:
                response = refusal(error)
                response.headers["Connection"] = "close"  # with what was not read of the body
        metrics.requests.labels(str(response.status_code)).inc()
        metrics.seconds.observe(time.perf_counter() - started)
        return response


async def _take(service: Service, topic: str, request: Request, key: str | None) -> Outcome:
    """Read a request no further than it is good, write its records, and wait for Kafka. Raises HeadraceError."""
    limits, headers = service.limits, request.headers
    read, unpack = reading(headers.get("content-type", "")), unpacking(headers.get("content-encoding", ""))
    check_length(headers.get("content-length"), limits.body_bytes)
    service.backlog.check()
    _ = service.outlet.writer  # without one the body need not be read
    target = await asyncio.to_thread(service.topics.__getitem__, topic)
    with service.backlog.holding() as hold:
        body = await read_body(request.stream(), unpack, limits.body_bytes, hold)
        batch = await asyncio.to_thread(sort_out, read, body, target, key, limits)
        outcome = await _write(service, target, batch)
    for name, count in (
        ("accepted", outcome.accepted),
        ("rejected", len(outcome.rejected)),
        ("unacknowledged", len(outcome.unacknowledged)),
    ):
        service.metrics.records.labels(topic, name).inc(count)
    return outcome


async def _write(service: Service, target: Target, batch: Batch) -> Outcome:
    if not batch.records:
        return conclude(batch, {})
    writer = service.outlet.writer
    with service.backlog.waiting():
        written = await asyncio.to_thread(writer.write, target.topic, batch.records)
        try:
            async with asyncio.timeout(2 * service.limits.timeout_s):
                outcome = conclude(batch, await asyncio.wrap_future(written))
        except TimeoutError:  # the client should have given up long ago
            silent = Retryable("kafka's client has not answered")
            outcome = conclude(batch, dict.fromkeys(range(len(batch.records)), silent))
    if outcome.accepted < len(batch.records):
        await service.outlet.renew(writer, str(outcome.trouble or "the broker has refused a record"))
    return outcome


def _add_operations(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", response_class=Response, summary="Is the process alive?")
    async def healthz() -> Response:
        return Response(b'{"status":"ok"}', media_type="application/json")

    @app.get("/readyz", response_class=Response, summary="Has Kafka been reached, so that requests can be sent?")
    async def readyz() -> Response:
        trouble = service.outlet.trouble
        said = {"status": "waiting for kafka" if trouble else "ready", "trouble": trouble}
        return Response(orjson.dumps(said), 503 if trouble else 200, media_type="application/json")

    @app.get("/metrics", response_class=Response, summary="Metrics for Prometheus")
    async def metrics() -> Response:
        service.metrics.held_bytes.set(service.backlog.held_bytes)
        return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)
