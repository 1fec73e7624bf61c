"""`headrace ledger`: what became of the records and labels of label joins."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from engine.cli import options
from engine.settings import Settings, address

_EPILOG = """
[bold]Examples[/bold]

headrace ledger flights

headrace ledger flights --json
"""


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(epilog=_EPILOG)(ledger)


def ledger(
    workflow: Annotated[str, typer.Argument(help="The name of the workflow.", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")] = False,
    home: options.Home = None,
    flink: options.Flink = None,
) -> None:
    """Show what became of each record and each label of a workflow's label joins, in its newest run."""
    from engine.flink.rest import FlinkRest
    from engine.jobs.ledger import read_ledgers

    with FlinkRest(address(Settings.load(home=home, flink=flink), "flink")) as session:
        ledgers = read_ledgers(workflow, session)
    if as_json:
        typer.echo(json.dumps({name: asdict(ledger) for name, ledger in ledgers.items()}))
        return
    console = Console(highlight=False)
    if not ledgers:
        console.print(f'workflow "{workflow}" has no label join')
    for name, kept in ledgers.items():
        table = Table("records", "", "labels", "", title=name, title_justify="left", box=None)
        records, labels = (_lines(asdict(kept), side) for side in ("records", "labels"))
        for position, line in enumerate(labels):
            table.add_row(*(records[position] if position < len(records) else ("", "")), *line)
        console.print(table)


def _lines(counts: dict[str, int], side: str) -> list[tuple[str, str]]:
    """What became of one side, and the sum."""
    parts = [
        (key.removeprefix(f"{side}_"), f"{count:,}") for key, count in counts.items() if key.startswith(f"{side}_")
    ]
    return [*parts, ("all", f"{counts[side]:,}")]
