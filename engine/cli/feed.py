"""`headrace feed`: the records that ship, to the topic that their workflow reads."""

from __future__ import annotations

import signal
import threading
from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Console

from engine.cli import options
from engine.settings import Settings, address
from schemas.errors import Fatal

_EPILOG = "[bold]Examples[/bold]\n\nheadrace feed phishing\n\nheadrace feed flights --rate 2000 --limit 100000"


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog=_EPILOG)(feed)


def feed(
    data: Annotated[str, typer.Argument(help="Which records: flights or phishing.", show_default=False)],
    *,
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Records a second; as fast as it goes if left out.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many records.")] = None,
    home: options.Home = None,
    kafka: options.Kafka = None,
    registry: options.Registry = None,
) -> None:
    """Write records that ship to their Kafka topic. Ctrl-C ends it; what was written stays."""
    from engine.feed import Fed, Feeder, paced

    settings = Settings.load(home=home, kafka=kafka, registry=registry)
    target, records = dataset(data)
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    taken: Any = islice(records, limit)
    if rate is not None:
        taken = paced(taken, rate, stop.wait)
    console = Console(highlight=False)
    with (
        Feeder(target, address(settings, "kafka"), address(settings, "registry")) as feeder,
        console.status("feeding") as status,
    ):

        def show(fed: Fed) -> None:
            status.update(f'{fed.records:,} records to topic "{target.topic}"')

        fed = feeder.send(taken, stop=stop, progress=show)
    console.print(f'{fed.records:,} records are in topic "{target.topic}"{"" if fed.complete else ", interrupted"}')
    if not fed.complete:
        raise typer.Exit(130)


def dataset(name: str) -> tuple[Any, Any]:
    """Where the records of a data set go, and the records. Raises Fatal for a name that is none."""
    from workflows import datasets

    known = {
        "flights": (datasets.FLIGHTS_FEED, datasets.flights),
        "phishing": (datasets.PHISHING_FEED, datasets.phishing),
    }
    if name not in known:
        raise Fatal(f'data set "{name}": there is none', hint=f"there are {', '.join(known)}")
    target, records = known[name]
    return target, records()
