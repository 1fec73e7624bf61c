"""`headrace feeders`: runs the feeders of a workflow's sources."""

from __future__ import annotations

import json
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from engine.cli import options
from engine.settings import Settings, address

_EPILOG = """
[bold]Examples[/bold]

headrace feeders workflows/mine.py

headrace feeders workflows/mine.py --source planes --once --json
"""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog=_EPILOG)(feeders)


def feeders(  # noqa: PLR0913 - an option each
    file: Annotated[Path, typer.Argument(help="The workflow file.", show_default=False)],
    *,
    source: Annotated[
        str | None, typer.Option(help="Feed this source only; all that are fed by something else.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End where the sources have nothing more for now.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")] = False,
    home: options.Home = None,
    kafka: options.Kafka = None,
    registry: options.Registry = None,
) -> None:
    """Feed the topics of a workflow from its files, endpoints, queries and generators, each record once.

    Ctrl-C ends it after the transaction in hand; the next time it goes on there.
    """
    from engine.feeding.together import Together, targets
    from engine.jobs.loading import load_workflow

    settings = Settings.load(home=home, kafka=kafka, registry=registry)
    console = Console(highlight=False, soft_wrap=True, stderr=as_json)
    stop = threading.Event()
    chosen = targets(load_workflow(file).workflow, source)
    together = Together(chosen, address(settings, "kafka"), address(settings, "registry"), stop, once=once)
    together.inferred = lambda name, schema: _tell_schema(name, schema, console)
    _stop_at_interrupt(stop)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        together.watched = lambda: live.update(_table(together), refresh=console.is_terminal)
        together.run()
    if as_json:
        typer.echo(json.dumps({name: asdict(fed) for name, fed in together.fed.items()}))
    for target in chosen:
        fed = together.fed[target.source]
        dead = f', {fed.dead:,} dead letters in "{target.dead}"' if fed.dead else ""
        console.print(f'source "{target.source}": {fed.records:,} records to topic "{target.topic}"{dead}')
    if not all(fed.complete for fed in together.fed.values()):
        raise typer.Exit(130)


def _stop_at_interrupt(stop: threading.Event) -> None:
    """The first Ctrl-C stops in order, the second at once: then the broker ends the transaction in hand."""

    def interrupted(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())


def _tell_schema(name: str, schema: dict[str, Any], console: Console) -> None:
    console.print(f'source "{name}" has no schema, so this one was inferred:')
    console.print(json.dumps(schema, indent=2), markup=False)


def _table(together: Any) -> Table:
    table = Table("source", "records", "dead", "MiB", "", box=None, pad_edge=False)
    for name, fed in together.fed.items():
        waits = f"waits: {fed.waiting_for}" if fed.waiting_for else "complete" if fed.complete else ""
        table.add_row(name, f"{fed.records:,}", f"{fed.dead:,}", f"{fed.size_bytes / 2**20:.1f}", waits)
    return table
