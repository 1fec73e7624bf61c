"""The command line of the ingest service."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from engine.ingest.access import Access, read_tokens
from engine.ingest.app import Service, create_app
from engine.ingest.backlog import Backlog
from engine.ingest.limits import Limits
from engine.ingest.outlet import Outlet
from engine.ingest.topics import Topics
from engine.listener import listen
from engine.settings import Settings, address
from schemas.errors import Fatal
from schemas.registry import Registry

REGISTRY_TIMEOUT_S = 2.0
_DEFAULTS = Limits()


def service(settings: Settings, access: Access, limits: Limits) -> Service:
    """An ingest service as the settings have it. It connects when it runs."""
    outlet = Outlet(address(settings, "kafka"), limits)
    registry = Registry(address(settings, "registry"), REGISTRY_TIMEOUT_S)
    topics = Topics(registry, outlet.rules, settings.ingest_topics)
    return Service(registry, topics, outlet, access, limits, Backlog(limits))


def serve(  # noqa: PLR0913 - an option each
    *,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on; 0 takes a free one")] = 8083,
    kafka: Annotated[str | None, typer.Option(help="host:port of the Kafka to write to")] = None,
    registry: Annotated[str | None, typer.Option(help="URL of the registry with the schemas")] = None,
    tokens: Annotated[Path | None, typer.Option(help="file of the bearer tokens, one a line")] = None,
    max_body_bytes: Annotated[int, typer.Option(min=1, help="largest body, unpacked")] = _DEFAULTS.body_bytes,
    max_held_bytes: Annotated[int, typer.Option(min=1, help="most that waits for Kafka")] = _DEFAULTS.held_bytes,
    timeout_s: Annotated[float, typer.Option(min=1, help="how long Kafka may take")] = _DEFAULTS.timeout_s,
) -> None:
    """Take records over HTTP and write them to Kafka. What is not given comes from HEADRACE_* and headrace.toml."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    limits = Limits(body_bytes=max_body_bytes, held_bytes=max_held_bytes, timeout_s=timeout_s)
    try:
        settings = Settings.load(kafka=kafka, registry=registry, ingest_tokens=tokens)
        access = Access(read_tokens(settings.ingest_tokens, host))
        app = create_app(service(settings, access, limits))
        listener = listen(host, port)
    except Fatal as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    # requests that are being answered are waited for, since their records may be in Kafka
    config = uvicorn.Config(app, access_log=False, log_config=None, timeout_graceful_shutdown=int(timeout_s) + 1)
    with listener:
        typer.echo(f"ingest service at http://{host}:{listener.getsockname()[1]}")
        uvicorn.Server(config).run([listener])


def main() -> None:
    typer.run(serve)
