"""`headrace dead redrive`: dead letters, sent again."""

from __future__ import annotations

import json
import signal
import threading
from typing import Annotated

import typer
from rich.console import Console

from engine.cli import options
from engine.cli.choosing import Json, Node, Reason, Since, Until, Workflow, selection
from engine.settings import Settings, address
from schemas.errors import Fatal

_EPILOG = (
    "[bold]Examples[/bold]\n\nheadrace dead redrive flights --dry-run\n\n"
    "headrace dead redrive flights --node model --reason null_feature --since 2h --wait"
)
_POLL_S = 0.5


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("redrive", epilog=_EPILOG)(send)


def send(  # noqa: PLR0913 - an option each
    workflow: Workflow,
    *,
    node: Node = None,
    reason: Reason = None,
    since: Since = None,
    until: Until = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many would be sent.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Return once the job has taken them in for good.")] = False,
    as_json: Json = False,
    home: options.Home = None,
    kafka: options.Kafka = None,
    registry: options.Registry = None,
    flink: options.Flink = None,
) -> None:
    """Send open dead letters again, each once: to where they failed, through the code that runs now, however late.

    Ctrl-C ends it; the same command sends the rest.
    """
    from engine.jobs.redriving import open_letters, redrive
    from engine.plan import redrive_topic

    settings = Settings.load(home=home, kafka=kafka, registry=registry, flink=flink)
    wanted = selection(node, reason, since, until)
    broker, schemas = address(settings, "kafka"), address(settings, "registry")
    console = Console(highlight=False, soft_wrap=True, stderr=as_json)
    _refuse_bounded(workflow, settings)
    if dry_run:
        count = sum(1 for _ in open_letters(broker, schemas, workflow, wanted))
        console.print(f"{count:,} letters would be sent again")
        _say(as_json, workflow, sent=0, open=count)
        return
    stop = _interruption()
    with console.status("reading") as status:

        def show(sent: int) -> None:
            status.update(f"{sent:,} letters sent")

        done = redrive(broker, schemas, workflow, wanted, stop=stop, progress=show)
    console.print(f"{done.sent:,} letters sent again{'' if done.complete else ', interrupted: give the command again'}")
    runs = _runs(workflow, settings)
    if not runs:
        console.print(f'they wait in topic "{redrive_topic(workflow)}" until `headrace run` resumes the workflow')
    if wait and runs:
        with console.status("waiting until they are taken in"):
            _wait(broker, workflow, settings, stop)
    _say(as_json, workflow, sent=done.sent, complete=done.complete, running=runs)
    if stop.is_set():
        raise typer.Exit(130)


def _interruption() -> threading.Event:
    """Set by the first Ctrl-C; the second one does not wait for a broker that says nothing."""
    stop = threading.Event()

    def interrupted(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, interrupted)
    return stop


def _refuse_bounded(workflow: str, settings: Settings) -> None:
    from engine.jobs.store import RunStore

    with RunStore(settings.metadata_url) as runs:
        last = runs.last(workflow)
    if last is not None and last.bounded:
        raise Fatal(
            f'workflow "{workflow}": its last run was bounded, and takes nothing more in',
            hint="mend the cause, and run it with --fresh: it reads all records again",
        )


def _runs(workflow: str, settings: Settings) -> bool:
    from engine.flink.rest import FlinkRest

    with FlinkRest(address(settings, "flink")) as flink:
        return flink.live(workflow) is not None


def _wait(broker: str, workflow: str, settings: Settings, stop: threading.Event) -> None:
    """Return once a checkpoint of the job holds what was sent. Raises Fatal where the job ends before."""
    from engine.jobs.redriving import behind
    from engine.plan import redrive_topic

    while behind(broker, workflow) > 0 and not stop.wait(_POLL_S):
        if not _runs(workflow, settings):
            hint = f'they wait in topic "{redrive_topic(workflow)}" until `headrace run` resumes it'
            raise Fatal(f'workflow "{workflow}": has ended before it took all letters in', hint=hint)


def _say(as_json: bool, workflow: str, **facts: object) -> None:
    if as_json:
        typer.echo(json.dumps({"workflow": workflow, **facts}))
