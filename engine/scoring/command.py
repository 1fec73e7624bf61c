"""The command line of the scoring API."""

from __future__ import annotations

import logging
import socket
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from engine.scoring.app import Service, create_app
from engine.scoring.catalog import Catalog
from engine.scoring.metrics import Metrics
from engine.scoring.refresher import Refresher
from models.allowlist import AllowList
from models.artifact import open_artifact
from models.signing import signing_key
from schemas.errors import Fatal
from sinks import AsyncFeatureReader, AsyncModelReader


def service(redis_url: str, key: bytes, allowed: AllowList) -> Service:
    """A scoring service over the models and features in Redis. It connects when its refresher runs."""
    catalog, metrics = Catalog(), Metrics()
    unseal = partial(open_artifact, key=key, allowed=allowed)
    refresher = Refresher(AsyncModelReader(redis_url), catalog, unseal, metrics)
    return Service(AsyncFeatureReader(redis_url), refresher, catalog, metrics)


def serve(
    redis: Annotated[str, typer.Option(envvar="HEADRACE_REDIS", help="URL of the Redis with models and features")],
    key_file: Annotated[
        Path, typer.Option(envvar="HEADRACE_SIGNING_KEY", help="the key that signs models; made at first start")
    ] = Path(".headrace/signing.key"),
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on; 0 takes a free one")] = 8000,
    allow: Annotated[
        list[str] | None, typer.Option(envvar="HEADRACE_ALLOWED_MODULES", help="modules that models may use besides")
    ] = None,
    production: Annotated[
        bool, typer.Option(envvar="HEADRACE_PRODUCTION", help="refuse to make a signing key")
    ] = False,
) -> None:
    """Serve predictions from the models in Redis."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        app = create_app(service(redis, signing_key(key_file, production=production), AllowList(tuple(allow or ()))))
        listener = _listen(host, port)
    except Fatal as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    with listener:
        typer.echo(f"scoring API at http://{host}:{listener.getsockname()[1]}")
        uvicorn.Server(uvicorn.Config(app, access_log=False, log_config=None)).run([listener])


def main() -> None:
    typer.run(serve)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises Fatal where the address or the port cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise Fatal(f'address "{host}:{port}": {error.strerror or error}', hint="give another --port, or 0") from error
