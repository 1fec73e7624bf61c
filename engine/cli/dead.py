"""`headrace dead ls` and `show`: what could not be processed, and why."""

from __future__ import annotations

import json
from collections import deque
from typing import Annotated

import typer
from rich.console import Console

from engine.cli import options, redrive
from engine.cli.choosing import Json, Node, Reason, Since, Until, Workflow, selection
from engine.settings import Settings, address
from schemas.errors import Fatal

_LS_EPILOG = "[bold]Examples[/bold]\n\nheadrace dead ls flights\n\nheadrace dead ls flights --since 1h --json"
_SHOW_EPILOG = "[bold]Examples[/bold]\n\nheadrace dead show flights --last 3\n\nheadrace dead show flights 2:1045"


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    dead = typer.Typer(help="Dead letters: count them, look at them, send them again.", no_args_is_help=True)
    dead.command(epilog=_LS_EPILOG)(ls)
    dead.command(epilog=_SHOW_EPILOG)(show)
    redrive.add_commands(dead)
    app.add_typer(dead, name="dead")


def ls(  # noqa: PLR0913 - an option each
    workflow: Workflow,
    *,
    node: Node = None,
    reason: Reason = None,
    since: Since = None,
    until: Until = None,
    as_json: Json = False,
    home: options.Home = None,
    kafka: options.Kafka = None,
    registry: options.Registry = None,
) -> None:
    """Count the dead letters of a workflow by node and reason. Those that are open can be sent again."""
    from engine.cli.dead_text import counts_json, counts_table
    from engine.jobs.dead_letters import read_ledger, read_letters, tallies

    settings, wanted = Settings.load(home=home, kafka=kafka, registry=registry), selection(node, reason, since, until)
    broker, schemas = address(settings, "kafka"), address(settings, "registry")
    letters = filter(wanted.admits, read_letters(broker, schemas, workflow))
    found = tallies(letters, read_ledger(broker, workflow))
    if as_json:
        typer.echo(json.dumps({"workflow": workflow, "letters": counts_json(found)}))
        return
    console = Console(highlight=False, soft_wrap=True)
    if not found:
        console.print(f'workflow "{workflow}" has no such dead letters')
        return
    console.print(counts_table(found))
    earlier = sum(tally.earlier for tally in found.values())
    if earlier:
        console.print(f"{earlier:,} of them are of runs before the last fresh start, which reads their records again")


def show(  # noqa: PLR0913 - an option each
    workflow: Workflow,
    letter: Annotated[str | None, typer.Argument(help="Which one, as partition:offset.", show_default=False)] = None,
    *,
    last: Annotated[int, typer.Option(min=1, help="Without a letter: show so many of the newest.")] = 1,
    node: Node = None,
    reason: Reason = None,
    as_json: Json = False,
    home: options.Home = None,
    kafka: options.Kafka = None,
    registry: options.Registry = None,
) -> None:
    """Show dead letters, the newest last: where and why they failed, and their records."""
    from engine.cli.dead_text import described, in_lines
    from engine.jobs.dead_letters import parse_place, read_ledger, read_letters
    from schemas.registry import Registry

    settings, wanted = Settings.load(home=home, kafka=kafka, registry=registry), selection(node, reason)
    broker, schemas = address(settings, "kafka"), address(settings, "registry")
    place = parse_place(letter) if letter else None
    letters = read_letters(broker, schemas, workflow)
    taken = (found for found in letters if (wanted.admits(found) if place is None else found.place == place))
    newest = deque(sorted(taken, key=lambda found: found.failed_at), maxlen=last)
    if not newest:
        which = f"at {letter}" if letter else "of that kind"
        hint = f"`headrace dead ls {workflow}` counts those that there are"
        raise Fatal(f'workflow "{workflow}": there is no dead letter {which}', hint=hint)
    ledger = read_ledger(broker, workflow)
    with Registry(schemas) as session:
        shown = [described(found, ledger, session) for found in newest]
    typer.echo(json.dumps(shown) if as_json else "\n\n".join(map(in_lines, shown)))
