"""`headrace up`, `status` and `down`: the local platform."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from engine.cli import options
from engine.cli.progress import Shown
from engine.flink.rest import FlinkRest, Job
from engine.local.status import ServiceStatus
from engine.settings import SERVICES, Settings
from schemas.errors import Fatal, Retryable

_UP_EPILOG = """
[bold]Examples[/bold]

headrace up

headrace up --port kafka=9092 --port scoring=8000

headrace up --kafka broker-1:9092 --redis redis://cache:6379
"""
Ports = Annotated[
    list[str] | None, typer.Option("--port", metavar="NAME=PORT", help="Let a service listen on this port.")
]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog=_UP_EPILOG)(up)
    app.command(epilog="[bold]Examples[/bold]\n\nheadrace status\n\nheadrace status --json")(status)
    app.command(epilog="[bold]Example[/bold]\n\nheadrace down --home /srv/headrace")(down)


def up(  # noqa: PLR0913 - an option each
    *,
    home: options.Home = None,
    port: Ports = None,
    kafka: options.Kafka = None,
    redis: options.Redis = None,
    registry: options.Registry = None,
    flink: options.Flink = None,
    scoring: options.Scoring = None,
    ingest: options.Ingest = None,
) -> None:
    """Start the local platform: Kafka, Redis, a schema registry, Flink, the scoring API and the ingest service.

    A service whose address is given is used instead of a local one. Does nothing if the platform is up.
    """
    from engine.local.platform import up as start

    given = {"kafka": kafka, "redis": redis, "registry": registry, "flink": flink, "scoring": scoring, "ingest": ingest}
    settings = Settings.load(home=home, ports=_ports(port), **given)
    console = Console(highlight=False)
    with Shown(console) as progress:
        platform = start(settings, progress)
    console.print(f"{'the platform is up' if platform.started else 'the platform was up already'}, in {platform.home}")
    for service in SERVICES:
        console.print(f"  {service:<10}{getattr(platform.addresses, service)}")
    console.print("stop it with `headrace down`")


def status(
    home: options.Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")] = False,
) -> None:
    """Say how each service is doing, and which workflows run or have failed, as far as Flink remembers.

    Ends with exit code 1 unless all services are ready.
    """
    from engine.local.status import status as ask

    found = ask(Settings.load(home=home))
    workflows = [job for service in found.services for job in _workflows(service)]
    console = Console(highlight=False)
    if as_json:
        jobs = [{"name": job.name, "state": job.state.lower(), "job": job.id, "said": said} for job, said in workflows]
        typer.echo(json.dumps({**asdict(found), "ready": found.is_ready, "workflows": jobs}, indent=2))
    else:
        table = Table("service", "state", "address", "processes", "memory", "", box=None, pad_edge=False)
        for service in found.services:
            pids = " ".join(map(str, service.pids))
            table.add_row(service.name, service.state, service.address, pids, _mib(service.memory_bytes), service.said)
        console.print(table)
        for job, said in workflows:
            console.print(f'workflow "{job.name}" is {job.state.lower()}, as job {job.id}{said and f": {said}"}')
        console.print(f"in {found.home}, {_mib(found.memory_bytes)} in all" + (f"\n{found.said}" if found.said else ""))
    raise typer.Exit(0 if found.is_ready else 1)


def _workflows(service: ServiceStatus) -> list[tuple[Job, str]]:
    """What runs on a service, if it is Flink and answers, or has failed and was not started anew; and why it failed."""
    if service.name != "flink" or service.state != "ready":
        return []
    try:
        with FlinkRest(service.address) as flink:
            jobs = flink.newest()
            failed = {job.id: (flink.failure(job.id) or "").split("\n")[0] for job in jobs if job.state == "FAILED"}
            return [(job, failed.get(job.id, "")) for job in jobs if job.is_live or job.id in failed]
    except Retryable:
        return []  # it has gone since


def down(home: options.Home = None) -> None:
    """Stop the local platform. Topics, features, schemas and checkpoints stay for the next `headrace up`."""
    from engine.local.platform import down as stop

    settings = Settings.load(home=home)
    console = Console(highlight=False)
    with Shown(console) as progress:
        stopped = stop(settings, progress)
    console.print(f"the platform in {settings.home} is {'stopped' if stopped else 'not running'}")


def _ports(given: list[str] | None) -> dict[str, int] | None:
    """Read ports as they are given.

    >>> _ports(["kafka=9092"])
    {'kafka': 9092}
    """
    if not given:
        return None
    ports: dict[str, int] = {}
    for text in given:
        name, _, port = text.partition("=")
        if not port.isdigit():
            raise Fatal(f'--port "{text}": expected NAME=PORT', hint="for example --port kafka=9092")
        ports[name] = int(port)
    return ports


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:.0f} MiB"
