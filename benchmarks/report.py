"""What was found, as JSON for programs and as a table for readers."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
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


def write(found: Mapping[str, Sequence[Row]], about: dict[str, Any], parts: Sequence[str]) -> None:
    """Write what was `found` of some `parts` into `results.json`, and the table of all parts into the page.

    What was found before of the other parts stays as it is, and so do the page's other sections.
    """
    known = json.loads(RESULTS.read_text())["parts"] if RESULTS.exists() else {}
    known |= {part: {**about, "rows": [asdict(row) for row in rows]} for part, rows in found.items()}
    measured = {part: known[part] for part in parts if part in known}
    RESULTS.write_text(json.dumps({"parts": measured}, indent=2, ensure_ascii=False) + "\n")
    page = PAGE.read_text() if PAGE.exists() else _PAGE
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    rows = [Row(**row) for run in measured.values() for row in run["rows"]]
    PAGE.write_text(f"{before}{_BEGIN}\n{_said(measured)}\n\n{table(rows)}\n{_END}{after}")


def _said(measured: Mapping[str, dict[str, Any]]) -> str:
    """When each part was measured, and on what; the rows of one part are of one run."""
    runs: dict[str, list[str]] = {}
    for part, run in measured.items():
        used = ", ".join(f"{name} {number}" for name, number in {**run["versions"], **run["peers"]}.items())
        how = f"{run['date'][:10]}: {run['cores']} cores ({run['machine']}), Python {run['python']}, {used}"
        runs.setdefault(how, []).append(part)
    lines = [f"{', '.join(names)} on {how}." for how, names in runs.items()]
    return "\n".join([*lines, "What is compared was measured in one run, on one machine, the peers on the same topic."])
