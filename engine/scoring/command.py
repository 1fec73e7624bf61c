"""The command line of the scoring API."""

from __future__ import annotations

import gc
import logging
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from engine.listener import listen
from engine.scoring.app import Service, create_app
from engine.scoring.catalog import Catalog
from engine.scoring.metrics import Metrics
from engine.scoring.refresher import Refresher
from engine.scoring.twins import Twins
from engine.settings import Settings, address
from models.allowlist import AllowList
from models.artifact import open_artifact
from models.signing import signing_key
from schemas.errors import Fatal
from sinks import AsyncFeatureReader, ModelNews, ModelReader


def service(redis_url: str, key: bytes, allowed: AllowList, twins: Twins | None) -> Service:
    """A scoring service over the models and features in Redis. It connects when it runs."""
    catalog, metrics = Catalog(), Metrics()
    unseal = partial(open_artifact, key=key, allowed=allowed)
    refresher = Refresher(ModelNews(redis_url), ModelReader(redis_url), catalog, unseal, metrics, twins)
    return Service(AsyncFeatureReader(redis_url), refresher, catalog, metrics)


def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on; 0 takes a free one")] = 8000,
    redis: Annotated[str | None, typer.Option(help="URL of the Redis with models and features")] = None,
    signing_key_file: Annotated[
        Path | None, typer.Option("--signing-key", help="file with the key that signs models; made at first start")
    ] = None,
    production: Annotated[bool | None, typer.Option(help="refuse to make a signing key")] = None,
) -> None:
    """Serve predictions from the models in Redis. What is not given is taken from HEADRACE_* and headrace.toml."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = Settings.load(redis=redis, signing_key=signing_key_file, production=production)
        key = signing_key(settings.signing_key_file, production=settings.production)
        allowed, twins = AllowList(tuple(settings.allowed_modules)), Twins() if settings.compiled else None
        app = create_app(service(address(settings, "redis"), key, allowed, twins))
        listener = listen(host, port)
    except Fatal as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    gc.freeze()  # the collector need not look through what was imported: that would take tens of ms each time
    with listener:
        typer.echo(f"scoring API at http://{host}:{listener.getsockname()[1]}")
        uvicorn.Server(uvicorn.Config(app, access_log=False, log_config=None)).run([listener])


def main() -> None:
    typer.run(serve)
