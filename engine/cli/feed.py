"""`headrace feed`: the records that ship, to the topic that their workflow reads."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Console

from engine.cli import options
from engine.settings import Settings, address
from schemas.avro import load_schema
from schemas.errors import Fatal

# what `workflows.datasets` has, which takes long to import for a help text
DATA = ("departures", "flights", "landings", "phishing", "planes", "weather")
_EPILOG = """
[bold]Examples[/bold]

headrace feed phishing

headrace feed flights --rate 2000 --limit 100000

headrace feed flights --speed 3600
"""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog=_EPILOG)(feed)


def feed(  # noqa: PLR0913 - an option each
    data: Annotated[str, typer.Argument(help=f"Which records: {', '.join(DATA)}.", show_default=False)],
    *,
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Records a second; as fast as it goes if left out.")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.001, help="So many times as fast as it happened, instead of a rate.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many records.")] = None,
    home: options.Home = None,
    kafka: options.Kafka = None,
    registry: options.Registry = None,
) -> None:
    """Write records that ship to their Kafka topic, from the first one on, again where they are there already.

    Ctrl-C ends it; what was written stays.
    """
    from engine.feed import Fed, Producer, replayed

    if rate is not None and speed is not None:
        raise typer.BadParameter("--rate and --speed contradict each other", param_hint="--speed")
    settings = Settings.load(home=home, kafka=kafka, registry=registry)
    stop = threading.Event()
    target, records = chosen(data, rate, limit, stop.wait)
    if speed is not None:
        field = instant_of(data, load_schema(target.schema))
        records = replayed(records, lambda record: record[field].timestamp(), speed, stop.wait)
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    console = Console(highlight=False)
    with (
        Producer(target, address(settings, "kafka"), address(settings, "registry")) as producer,
        console.status("feeding") as status,
    ):

        def show(fed: Fed) -> None:
            status.update(f'{fed.records:,} records to topic "{target.topic}"')

        fed = producer.send(records, stop=stop, progress=show)
    console.print(f'{fed.records:,} records are in topic "{target.topic}"{"" if fed.complete else ", interrupted"}')
    if not fed.complete:
        raise typer.Exit(130)


def chosen(data: str, rate: float | None, limit: int | None, wait: Callable[[float], object]) -> tuple[Any, Any]:
    """Where the records of a data set go, and the first `limit` of them, `rate` a second: None for all, and at once."""
    from engine.feed import paced

    target, records = dataset(data)
    taken = islice(records, limit)
    return target, taken if rate is None else paced(taken, rate, wait)


def instant_of(data: str, schema: dict[str, Any]) -> str:
    """The last field that holds an instant: the event time, in the records that ship. Raises Fatal where there is none.

    >>> instant_of("flights", load_schema("flight"))
    'departed_at'
    """
    types = [(field["name"], field["type"]) for field in schema["fields"] if isinstance(field["type"], dict)]
    instants = [str(name) for name, type_ in types if type_.get("logicalType") == "timestamp-millis"]
    if not instants:
        raise Fatal(f'data set "{data}": its records have no instant', hint="leave --speed out")
    return instants[-1]


def dataset(name: str) -> tuple[Any, Any]:
    """Where the records of a data set go, and the records. Raises Fatal for a name that is none."""
    from workflows import datasets

    if name not in DATA:
        raise Fatal(f'data set "{name}": there is none', hint=f"there are {', '.join(DATA)}")
    return getattr(datasets, f"{name.upper()}_FEED"), getattr(datasets, name)()
