"""Follow a running workflow on the terminal; Ctrl-C stops following, not the workflow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from engine.cli.shown import Shown
from engine.flink.rest import ENDED, FlinkRest
from engine.jobs.preflight import check_checkpoints
from engine.jobs.progress import Progress, read_progress
from engine.jobs.running import Started, checkpoints_of
from engine.settings import Settings, address
from schemas.errors import Fatal, Retryable

REFRESH_S = 1.0


class Meter:
    """Turns the progress of a workflow into two tables for people: what it has done, and how well."""

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None

    def table(self, progress: Progress, state: str, now_s: float) -> Group:
        rate = 0.0
        if self._last is not None and now_s > self._last[0]:
            rate = max(0, progress.records - self._last[1]) / (now_s - self._last[0])
        self._last = (now_s, progress.records)
        done = {
            "state": state.lower(),
            "records": f"{progress.records:,}",
            "records/s": f"{rate:,.0f}",
            "model": str(progress.version or "-"),
            "dead": f"{progress.dead:,}",
            "feature rows": f"{progress.feature_rows:,}",
        }
        return Group(*(_table(lines) for lines in ([done], _quality(progress.quality)) if lines))


def _quality(metrics: dict[str, float]) -> list[dict[str, str]]:
    """A line for all records, and one each for the latest ones and for what fades, where there are such."""
    endings = {"": "overall", **{f"_{span}": span for span in ("sliding", "fading")}}
    lines: dict[str, dict[str, str]] = {span: {} for span in endings.values()}
    for name, value in metrics.items():
        ending = next((each for each in endings if each and name.endswith(each)), "")
        lines[endings[ending]][name.removesuffix(ending).replace("_", " ")] = f"{value:.4f}"
    return [{"": span, **line} for span, line in lines.items() if line]


def _table(lines: list[dict[str, str]]) -> Table:
    """The lines, below the names of the first one."""
    table = Table(box=None, pad_edge=False)
    for name in lines[0]:
        table.add_column(name, no_wrap=True)
    for line in lines:
        table.add_row(*(line.get(name, "") for name in lines[0]))
    return table


def follow(started: Started, settings: Settings, console: Console, since_ms: int = 0) -> bool:
    """Show how a workflow is doing until it ends or Ctrl-C, and say whether it goes on.

    Its consoles show what came at `since_ms` or later. Raises Fatal, with what the job said, when it fails.
    """
    meter, workflow, told = Meter(), started.plan.workflow, ""
    try:
        with (
            FlinkRest(address(settings, "flink")) as flink,
            Shown(started.plan, settings, since_ms) as shown,
            _live(console) as live,
        ):
            while True:
                state = _state(flink, started.job_id)
                progress = read_progress(workflow, settings.metrics_folder)
                tables = shown.show(console)
                live.update(Group(meter.table(progress, state, time.monotonic()), *tables), refresh=True)
                trouble = flink.trouble(started.job_id) if state in ("RESTARTING", "RUNNING") else None
                trouble = trouble and explained(trouble, checkpoints_of(settings))
                if trouble and trouble != told:
                    console.print(f"trouble: {trouble}")
                told = trouble or told
                if _has_ended(flink, started, state, console):
                    return False
                time.sleep(REFRESH_S)
    except KeyboardInterrupt:
        with FlinkRest(address(settings, "flink")) as flink:
            if _has_ended(flink, started, _state(flink, started.job_id), console):
                return False
        console.print(f'workflow "{workflow}" goes on')
        return True


def _has_ended(flink: FlinkRest, started: Started, state: str, console: Console) -> bool:
    """Whether a workflow in this state has ended, and tell so. Raises Fatal, with what was said, for a failed one."""
    if state == "FAILED":
        raise Fatal(flink.failure(started.job_id) or f'workflow "{started.plan.workflow}" failed')
    if state not in ENDED:
        return False
    console.print(f'workflow "{started.plan.workflow}" has ended: {state.lower()}')
    for gate, count in flink.left_out(started.job_id).items():
        console.print(f"{gate}: {count:,} records left out, outside of the range of event times")
    return True


@contextmanager
def _live(console: Console) -> Iterator[Live]:
    try:
        with Live(console=console, auto_refresh=False) as live:
            yield live
    finally:
        if not console.is_terminal:
            console.line()  # Live leaves that out


def explained(trouble: str, checkpoints: str) -> str:
    """What troubles a job, with the reason where Flink does not give it: the disk with the checkpoints is full.

    >>> explained("checkpoint 3 failed: Asynchronous task checkpoint failed.", "s3://bucket/checkpoints")
    'checkpoint 3 failed: Asynchronous task checkpoint failed.'
    """
    if not trouble.startswith("checkpoint "):
        return trouble
    try:
        check_checkpoints(checkpoints)
    except Fatal as full:
        return f"checkpoints fail: {full.message}; make room, the job goes on by itself"
    return trouble


def _state(flink: FlinkRest, job_id: str) -> str:
    try:
        return flink.state(job_id)
    except Retryable:
        return "UNREACHABLE"
