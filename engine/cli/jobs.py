"""`headrace run`, `stop`, `explain`, `plan` and `check`: workflows."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from engine.cli import options
from engine.platform_file import PlatformFile
from engine.settings import Settings
from schemas.durations import parse_duration
from schemas.errors import Fatal

File = Annotated[Path, typer.Argument(help="The workflow file.", show_default=False)]
Parallelism = Annotated[int, typer.Option(min=1, help="Parallel subtasks of the source and the learner.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]
LEAST_CHECKPOINT_MS = 10  # Flink refuses less

_RUN_EPILOG = """
[bold]Examples[/bold]

headrace run workflows/flights.py

headrace run workflows/flights.py --fresh --parallelism 2

headrace run workflows/flights.py --detach --json

headrace run workflows/flights.py --fresh --from 2013-01-01 --to 2013-02-01

headrace run workflows/flights.py --fresh --backfill
"""

_STOP_EPILOG = """
[bold]Examples[/bold]

headrace stop flights

headrace stop flights --drain

headrace stop flights --cancel
"""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog=_RUN_EPILOG)(run)
    app.command(epilog=_STOP_EPILOG)(stop)
    app.command(epilog="[bold]Example[/bold]\n\nheadrace explain workflows/flights.py")(explain)
    app.command(epilog="[bold]Example[/bold]\n\nheadrace plan workflows/flights.py")(plan)
    app.command(epilog="[bold]Example[/bold]\n\nheadrace check workflows/flights.py")(check)


def run(  # noqa: PLR0913 - an option each
    file: File,
    *,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start anew: forget what was learned before.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Return once the job is submitted.")] = False,
    parallelism: Parallelism = 1,
    mode: Annotated[str, typer.Option(help="How Python runs: process or thread.")] = "process",
    bounded: Annotated[bool, typer.Option("--bounded", help="End at the records that are there now.")] = False,
    first: Annotated[
        str | None, typer.Option("--from", metavar="INSTANT", help="Only event times from this one on; bounded.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="INSTANT", help="Only event times before this one; bounded.")
    ] = None,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="Read the topics from their begin, and go on with what comes.")
    ] = False,
    checkpoint_every: Annotated[str, typer.Option(help="How often state is made durable.")] = "3s",
    as_json: Json = False,
    home: options.Home = None,
    kafka: options.Kafka = None,
    redis: options.Redis = None,
    registry: options.Registry = None,
    flink: options.Flink = None,
) -> None:
    """Run a workflow: resume it where it stopped, or start it. Ctrl-C leaves it running."""
    from engine.cli.following import follow
    from engine.flink.configuration import JobSettings
    from engine.flink.event_range import EventRange
    from engine.jobs.loading import load_workflow
    from engine.jobs.running import start

    settings = Settings.load(home=home, kafka=kafka, redis=redis, registry=registry, flink=flink)
    event_range = EventRange.parse(first, last)
    job = JobSettings(
        parallelism,
        _mode(mode),
        checkpoint_every=_every(checkpoint_every),
        bounded=bounded or bool(event_range),
        event_range=event_range,
        backfill=backfill,
    )
    console = Console(highlight=False, soft_wrap=True, stderr=as_json)
    since_ms = int(time.time() * 1000)
    loaded = load_workflow(file)
    try:
        with console.status("starting"):
            started = start(loaded, settings, job, fresh=fresh)
    except KeyboardInterrupt:
        console.print(f'workflow "{loaded.workflow.name}" may have been started: `headrace status` says whether it was')
        raise
    name = started.plan.workflow
    if as_json:
        typer.echo(json.dumps({"workflow": name, "job": started.job_id, "restored_from": started.restored_from}))
    resumed = f", resumed from {started.restored_from}" if started.restored_from else ""
    console.print(f'workflow "{name}" runs as job {started.job_id}{resumed}')
    if fed := [source.name for source in started.plan.sources if source.topic.fed_by]:
        console.print(f"fill {', '.join(fed)} with `headrace feeders {file}`")
    if detach or follow(started, settings, console, since_ms):
        console.print(f"stop it with `headrace stop {name}`")


def stop(
    workflow: Annotated[str, typer.Argument(help="The name of the workflow.", show_default=False)],
    *,
    drain: Annotated[bool, typer.Option("--drain", help="Process all that still waits for a watermark.")] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Stop at the newest checkpoint, without a savepoint.")
    ] = False,
    as_json: Json = False,
    home: options.Home = None,
    flink: options.Flink = None,
) -> None:
    """Stop a workflow with a savepoint; `headrace run` resumes from there."""
    from engine.jobs import running

    if drain and cancel:
        raise typer.BadParameter("--drain needs a savepoint, --cancel takes none", param_hint="--cancel")
    settings = Settings.load(home=home, flink=flink)
    console = Console(highlight=False, soft_wrap=True, stderr=as_json)
    if cancel:
        running.cancel(workflow, settings)
        savepoint, left = None, "`headrace run` resumes at its newest checkpoint"
    else:
        with console.status("taking a savepoint"):
            savepoint = running.stop(workflow, settings, drain=drain)
        left = f"its state is in {savepoint}"
    if as_json:
        typer.echo(json.dumps({"workflow": workflow, "savepoint": savepoint}))
    console.print(f'workflow "{workflow}" is stopped, {left}')


def explain(
    file: File, *, parallelism: Parallelism = 1, home: options.Home = None, registry: options.Registry = None
) -> None:
    """Print the graph of a workflow and its physical plan, without starting anything."""
    from engine.explain import explain as in_words
    from engine.jobs.loading import load_workflow
    from engine.jobs.preparation import resolve

    settings = Settings.load(home=home, registry=registry)
    plan = resolve(load_workflow(file).workflow, _registry(settings), settings.home)
    typer.echo(in_words(plan, parallelism))


def plan(file: File, *, as_json: Json = False, home: options.Home = None, registry: options.Registry = None) -> None:
    """Say what a changed workflow would keep of the state of its last run, without starting anything.

    Exit code 1 says that it would lose some, so that `run` refuses it.
    """
    from engine.jobs.definition import summary
    from engine.jobs.loading import load_workflow
    from engine.jobs.running import planned_changes

    settings = Settings.load(home=home, registry=registry)
    loaded = load_workflow(file)
    name = loaded.workflow.name
    found = planned_changes(loaded, settings, _registry(settings))
    if as_json:
        typer.echo(json.dumps({"workflow": name, "nodes": [asdict(change) for change in found or ()]}))
    elif found is None:
        typer.echo(f'workflow "{name}" has not run before: all of it is new')
    else:
        typer.echo(summary(found))
    if any(change.loses for change in found or ()):
        raise typer.Exit(1)


def check(file: File, *, as_json: Json = False, home: options.Home = None, registry: options.Registry = None) -> None:
    """Say whether a workflow could run, without starting anything."""
    from engine.jobs.loading import load_workflow
    from engine.jobs.preparation import resolve

    settings = Settings.load(home=home, registry=registry)
    plan = resolve(load_workflow(file).workflow, _registry(settings), settings.home)
    nodes = [part.name for part in (*plan.sources, *plan.connections, *plan.stages, *plan.sinks)]
    if as_json:
        sources = {source.name: asdict(source.topic) for source in plan.sources}
        typer.echo(json.dumps({"workflow": plan.workflow, "nodes": nodes, "sources": sources}, default=str))
    else:
        typer.echo(f'workflow "{plan.workflow}" is right: {", ".join(nodes)}')


def _registry(settings: Settings) -> str | None:
    """The registry that is given, or that of the running platform, for schemas that a workflow does not name."""
    return settings.registry or PlatformFile.load(settings.home).addresses.get("registry")


def _mode(text: str) -> Literal["process", "thread"]:
    if text not in ("process", "thread"):
        raise typer.BadParameter(f'"{text}" is neither process nor thread', param_hint="--mode")
    return "thread" if text == "thread" else "process"


def _every(text: str) -> str:
    """The interval of checkpoints, as Flink writes it."""
    try:
        every_ms = int(parse_duration(text).total_seconds() * 1000)
    except Fatal as error:
        raise typer.BadParameter(f"{error.message}; {error.hint}", param_hint="--checkpoint-every") from None
    if every_ms < LEAST_CHECKPOINT_MS:
        raise typer.BadParameter(f"expected at least {LEAST_CHECKPOINT_MS} ms", param_hint="--checkpoint-every")
    return f"{every_ms} ms"
