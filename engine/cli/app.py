"""The command line: one module a group of commands, added here."""

from __future__ import annotations

import logging
import sys

import typer
from rich.console import Console

from engine.cli import dead, demo, feed, feeders, install, jobs, ledger, platform
from schemas.errors import HeadraceError

app = typer.Typer(
    name="headrace",
    help="Streaming machine learning: event streams to models that never stop learning.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
demo.add_commands(app)
feed.add_commands(app)
feeders.add_commands(app)
platform.add_commands(app)
jobs.add_commands(app)
ledger.add_commands(app)
dead.add_commands(app)
install.add_commands(app)


def run() -> None:
    """Run the command line; an error of ours becomes one sentence, a hint and exit code 1."""
    logging.getLogger().addFilter(_is_no_interrupt)
    try:
        app()
    except HeadraceError as error:
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        console.print(f"error: {error.message}", markup=False, style="red" if console.is_terminal else None)
        if error.hint:
            console.print(f"hint: {error.hint}", markup=False)
        sys.exit(1)


def _is_no_interrupt(record: logging.LogRecord) -> bool:
    """Whether a line of the log is not about a Ctrl-C: py4j writes a traceback of each."""
    return not (record.exc_info and record.exc_info[0] is KeyboardInterrupt)
