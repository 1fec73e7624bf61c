"""`headrace demo`: the whole job on real flights, from an empty folder to a closing summary."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.live import Live

from engine.cli import options
from engine.cli.feed import dataset
from engine.cli.feeding import Feeding
from engine.cli.progress import Shown
from engine.settings import Addresses, Settings
from schemas.errors import Fatal

REFRESH_S = 0.5
GROUP = "headrace-flights"
ASKED_FEATURES = {
    "hour": 18,
    "weekday": 4,
    "distance": 1089.0,
    "dep_delay": 25.0,
    "wind_speed": 12.0,
    "precip": 0.0,
    "age": 9,
}
ASKED_ENTITIES = {"origin": "EWR", "carrier": "UA"}
ASKED_RECENT = {"departures_1h": 22, "origin_delay_1h": 12.0, "carrier_delay_2h": 15.0}
_EPILOG = "[bold]Examples[/bold]\n\nheadrace demo\n\nheadrace demo --rate 2000"


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog=_EPILOG)(demo)


def demo(
    rate: Annotated[float | None, typer.Option(min=1, help="Flights a second; as fast as it goes if left out.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many flights.")] = None,
    home: options.Home = None,
) -> None:
    """Learn from 336,776 real flights: Kafka, Flink, Redis and the scoring API, started and stopped again.

    Works in a folder of its own, `demo` inside the home folder, which it empties first.
    """
    from engine.jobs.loading import load_workflow
    from workflows import flights as shipped

    settings = _own_settings(Settings.load(home=home))
    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as cleanup:
        addresses = _platform(settings, console, cleanup)
        with console.status("feeding aircraft and weather"):
            _feed_whole(("planes", "weather"), addresses)
        feeding = [Feeding(data, addresses, rate, limit) for data in ("departures", "landings")]
        for each in feeding:
            cleanup.callback(each.stop)
        with console.status("submitting the workflow"):
            job = _submit(load_workflow(Path(str(shipped.__file__))), settings)
        console.print(f'workflow "flights" runs as job {job}; Flink shows it at {addresses.flink}')
        started_at = time.monotonic()
        _follow(feeding, settings, addresses, job, console)
        _ask(addresses.scoring, console)
        _summary(settings, addresses, time.monotonic() - started_at, console)
    console.print("all that was started is stopped; next: README.md, workflows/flights.py, `headrace up`")


def _own_settings(settings: Settings) -> Settings:
    given = ", ".join(settings.given())
    if given:
        raise Fatal(f"the demo starts services of its own, but there are addresses of {given}", hint="leave them out")
    return settings.model_copy(update={"home": settings.home / "demo"})


def _platform(settings: Settings, console: Console, cleanup: ExitStack) -> Addresses:
    from engine.local.platform import down, up

    with Shown(console) as progress:
        down(settings)
        shutil.rmtree(settings.home, ignore_errors=True)
        platform = up(settings, progress)
    cleanup.callback(down, settings)
    cleanup.callback(console.print, "stopping what was started")
    return platform.addresses


def _submit(loaded: Any, settings: Settings) -> str:
    from engine.flink.configuration import JobSettings
    from engine.jobs.running import start

    return start(loaded, settings, JobSettings()).job_id


def _feed_whole(data: Iterable[str], addresses: Addresses) -> None:
    from engine.feed import Producer

    for name in data:
        target, records = dataset(name)
        with Producer(target, addresses.kafka, addresses.registry) as producer:
            producer.send(records)


def _follow(feeding: Sequence[Feeding], settings: Settings, addresses: Addresses, job: str, console: Console) -> None:
    """Show the progress until every record is read, then let out what waits for a watermark."""
    from engine.cli.following import Meter
    from engine.flink.rest import ENDED, FlinkRest
    from engine.jobs.progress import read_progress
    from engine.jobs.running import stop
    from sources.kafka_admin import KafkaAdmin

    meter = Meter()
    with (
        FlinkRest(addresses.flink) as flink,
        KafkaAdmin(addresses.kafka) as kafka,
        Live(console=console, auto_refresh=False) as live,
    ):
        streams = ("weather", *(each.data for each in feeding))
        while not all(each.is_done() for each in feeding) or any(kafka.behind(data, GROUP) for data in streams):
            state = flink.state(job)
            if state in ENDED:
                raise Fatal(flink.failure(job) or f'workflow "flights" is {state.lower()}')
            live.update(meter.table(read_progress("flights", settings.metrics_folder), state, time.monotonic()))
            live.refresh()
            time.sleep(REFRESH_S)
        live.update(meter.table(read_progress("flights", settings.metrics_folder), "draining", time.monotonic()))
        live.refresh()
        stop("flights", settings, drain=True)


def _ask(scoring: str, console: Console) -> None:
    console.print("\nasking the scoring API:")
    questions = (
        ("raw features", {"features": {**ASKED_FEATURES, **ASKED_RECENT}}),
        ("entity keys, recent delays from Redis", {"entities": ASKED_ENTITIES, "features": ASKED_FEATURES}),
    )
    for name, body in questions:
        answer = httpx.post(f"{scoring}/models/lateness/predict", json=body, trust_env=False).raise_for_status().json()
        console.print(f"  {name}: {body}")
        console.print(f"    -> {answer}")


def _summary(settings: Settings, addresses: Addresses, took_s: float, console: Console) -> None:
    from engine.flink.rest import FlinkRest
    from engine.jobs.ledger import read_ledgers

    card = httpx.get(f"{addresses.scoring}/models/lateness", trust_env=False).json()["shards"][0]
    metrics = card["metrics"]
    with FlinkRest(addresses.flink) as flink:
        ledger = read_ledgers("flights", flink)["examples"]
    console.print(f"\n{ledger.records:,} flights in {took_s:.1f} s, {ledger.records / took_s:,.0f} a second")
    console.print(f"  learned      {card['version']['count']:,} that have landed, until {card['learned_until']}")
    console.print(
        f"  never landed {ledger.records_absent:,}: they were cancelled or diverted, or the feed ended before"
    )
    console.print(f"  accuracy     {metrics['accuracy']:.4f}, of no change {metrics['no_change_accuracy']:.4f}")
    console.print(f"  ROC AUC      {metrics['roc_auc']:.4f}")
    console.print(f"  model        version {card['version']['epoch']}.{card['version']['count']}")
    console.print(f"  logs         {settings.home / 'logs'}")
