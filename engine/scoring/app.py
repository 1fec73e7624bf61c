"""The scoring API over HTTP: a thin shell around catalog, scorer and refresher."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import orjson
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from engine.http_problem import answer_http_error, problem, problem_text
from engine.scoring import api_text
from engine.scoring.asked import read_request
from engine.scoring.catalog import Catalog
from engine.scoring.metrics import Metrics
from engine.scoring.problem import Unanswerable
from engine.scoring.refresher import Refresher
from engine.scoring.scorer import FeatureSource, answer, answer_from, wants_features
from engine.scoring.wire import encode, encode_model, encode_models
from schemas.errors import HeadraceError

MAX_BODY_BYTES = 1 << 20
_STATUS = {"unknown_model": 404, "unknown_key": 404, "too_large": 413}


@dataclass(frozen=True)
class Service:
    """What the API needs; `refresher` is None where models are put into the catalog by other means."""

    features: FeatureSource
    refresher: Refresher | None = None
    catalog: Catalog = field(default_factory=Catalog)
    metrics: Metrics = field(default_factory=Metrics)
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000


def create_app(service: Service) -> FastAPI:
    """The API; while it runs, so does the refresher."""

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(service.features)
            if service.refresher is not None:
                await stack.enter_async_context(service.refresher)
            yield

    app = FastAPI(
        title="Headrace scoring", summary="Predictions from models that never stop learning", lifespan=running
    )
    app.add_exception_handler(HTTPException, answer_http_error)
    _add_predictions(app, service)
    _add_models(app, service)
    _add_operations(app, service)
    return app


def _add_predictions(app: FastAPI, service: Service) -> None:
    metrics = service.metrics
    answered = metrics.requests.labels("200").inc

    @app.post(
        "/models/{name}/predict",
        openapi_extra=api_text.PREDICT,
        responses=api_text.PREDICT_ANSWERS,
        response_class=Response,
        summary="Predict, from raw features or from entity keys",
    )
    async def predict(name: str, request: Request) -> Response:
        started = time.perf_counter()
        try:
            body = await _predict(service, name, await _body(request))
        except ClientDisconnect:
            return Response(status_code=400)
        except HeadraceError as error:
            response = _refusal(error)
            metrics.requests.labels(str(response.status_code)).inc()
        else:
            response = Response(body, media_type="application/json")
            answered()
        metrics.seconds.observe(time.perf_counter() - started)
        return response


async def _predict(service: Service, name: str, body: bytes) -> bytes:
    served = service.catalog[name]
    asked = read_request(body, service.now_ms)
    if wants_features(served, asked):
        answers = await answer_from(service.features, served, asked)
    else:
        answers = answer(served, asked)
    service.metrics.predictions.labels(name).inc(len(answers))
    return encode(answers, batch=asked.batch)


async def _body(request: Request) -> bytes:
    """The body of a request. Raises Unanswerable when it is larger than `MAX_BODY_BYTES`, without reading on."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise Unanswerable("too_large", "body", f"larger than {MAX_BODY_BYTES} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _add_models(app: FastAPI, service: Service) -> None:
    @app.get("/models", response_class=Response, summary="List the models being served")
    async def models() -> Response:
        return Response(encode_models(service.catalog.models()), media_type="application/json")

    @app.get(
        "/models/{name}",
        response_class=Response,
        responses={404: problem_text("no such model")},
        summary="Describe a model: features, versions, metrics",
    )
    async def model(name: str) -> Response:
        try:
            return Response(encode_model(service.catalog[name]), media_type="application/json")
        except Unanswerable as error:
            return _refusal(error)


def _add_operations(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", response_class=Response, summary="Is the process alive?")
    async def healthz() -> Response:
        return Response(b'{"status":"ok"}', media_type="application/json")

    @app.get("/readyz", response_class=Response, summary="Has the model store been read, so that requests can be sent?")
    async def readyz() -> Response:
        refresher = service.refresher
        ready = refresher is None or refresher.read_once.is_set()
        said = {
            "status": "ready" if ready else "waiting for the model store",
            "models": {name: str(served.card.version) for name, served in service.catalog.models().items()},
            "trouble": refresher.trouble if refresher is not None else "",
        }
        return Response(orjson.dumps(said), 200 if ready else 503, media_type="application/json")

    @app.get("/metrics", response_class=Response, summary="Metrics for Prometheus")
    async def metrics() -> Response:
        return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _refusal(error: HeadraceError) -> Response:
    """The answer to what cannot be answered: the sender's fault when it names a field, ours otherwise."""
    if isinstance(error, Unanswerable):
        status = _STATUS.get(error.reason, 422)
        return problem(status, error.reason, error.message, field=error.field, hint=error.hint)
    return problem(503, "features_unavailable", error.message, headers={"Retry-After": "1"}, hint=error.hint)
