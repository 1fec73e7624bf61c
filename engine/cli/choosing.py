"""Which dead letters a command means: options that several share, and the selection they make."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.instants import instant

if TYPE_CHECKING:  # commands import what they need when they run
    from engine.jobs.dead_letters import Selection

Workflow = Annotated[str, typer.Argument(help="The name of the workflow.", show_default=False)]
Node = Annotated[str | None, typer.Option("--node", help="Only letters of this node.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Only letters with this reason.")]
Since = Annotated[str | None, typer.Option("--since", help="Only what failed since then: 90m, 2d, 2026-01-31T12:00.")]
Until = Annotated[str | None, typer.Option("--until", help="Only what failed before then.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]


def selection(node: str | None, reason: str | None, since: str | None = None, until: str | None = None) -> Selection:
    """The selection that the options make. Raises BadParameter."""
    from engine.jobs.dead_letters import Selection

    now = datetime.now(UTC)
    return Selection(node, reason, instant(since, "--since", now), instant(until, "--until", now))
