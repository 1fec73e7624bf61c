"""What was found, as JSON for programs and as a table for readers."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from benchmarks.figures import Row
from benchmarks.peer import ROOT, versions

RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"
_OURS = ("apache-flink", "river", "fastavro", "numpy", "fastapi", "uvicorn")
_BEGIN, _END = "<!-- figures: written by `make bench` -->", "<!-- /figures -->"
_PAGE = f"""# Benchmarks

{_BEGIN}
{_END}

## What fell short, and why
"""


def environment(command: str) -> dict[str, Any]:
    """What the run ran on."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": sys.version.split()[0],
        "versions": {name: version(name) for name in _OURS},
        "peers": versions(),
    }


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown.

    >>> print(table([Row("speed", 0.8, "", "≥ 0.75", True, "3 rounds")]))
    | figure | found | target | holds | how |
    |---|---|---|---|---|
    | speed | 0.8 | ≥ 0.75 | yes | 3 rounds |
    """
    lines = ["| figure | found | target | holds | how |", "|---|---|---|---|---|"]
    for row in rows:
        found = f"{row.value:g} {row.unit}".rstrip()
        lines.append(f"| {row.figure} | {found} | {row.target} | {'yes' if row.holds else '**no**'} | {row.detail} |")
    return "\n".join(lines)


def write(rows: Sequence[Row], about: dict[str, Any]) -> None:
    """Write `results.json`, and the table into the page, whose other sections stay as they are."""
    RESULTS.write_text(
        json.dumps({**about, "rows": [asdict(row) for row in rows]}, indent=2, ensure_ascii=False) + "\n"
    )
    page = PAGE.read_text() if PAGE.exists() else _PAGE
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text(f"{before}{_BEGIN}\n{_said(about)}\n\n{table(rows)}\n{_END}{after}")


def _said(about: dict[str, Any]) -> str:
    used = ", ".join(f"{name} {number}" for name, number in {**about["versions"], **about["peers"]}.items())
    return (
        f"`{about['command']}` on {about['date'][:10]}: {about['cores']} cores ({about['machine']}), "
        f"Python {about['python']}, {used}. All of it in one run, on one machine, the peers on the same topic."
    )
