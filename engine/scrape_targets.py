"""Where workers answer to scrapes: a file for each, as Prometheus' file discovery reads them.

A worker that has ended leaves its last metrics beside it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

_LAST = ".prom"


def leave_target(folder: Path, workflow: str, task: str, port: int) -> None:
    """Write down that a task of a workflow answers at `port`; where a disk is full, it is only less well watched."""
    _leave(folder, workflow, task, [f"127.0.0.1:{port}"], "")


def leave_last(folder: Path, workflow: str, task: str, metrics: str) -> None:
    """Write down the metrics of a task that ends, in Prometheus' text format; it no longer answers."""
    _leave(folder, workflow, task, [], metrics)


def find_targets(folder: Path, workflow: str) -> list[str]:
    """The host:port of each worker of a workflow that left its address in `folder`; it may have been killed since."""
    return sorted({target for _, targets in _groups(folder, workflow) for target in targets})


def find_last(folder: Path, workflow: str) -> list[str]:
    """The last metrics of each worker of a workflow that has ended."""
    texts = []
    for path, targets in _groups(folder, workflow):
        if not targets:
            with suppress(FileNotFoundError):  # forgotten meanwhile
                texts.append(path.with_suffix(_LAST).read_text())
    return texts


def forget_targets(folder: Path, workflow: str) -> None:
    """Remove what earlier workers of a workflow have left in `folder`."""
    for path, _ in _groups(folder, workflow):
        path.unlink(missing_ok=True)
        path.with_suffix(_LAST).unlink(missing_ok=True)


def _leave(folder: Path, workflow: str, task: str, targets: list[str], last: str) -> None:
    path = folder / f"worker-{workflow}-{task}.json"  # one process may run several tasks
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace(path.with_suffix(_LAST), last)
        _replace(path, json.dumps([{"targets": targets, "labels": {"workflow": workflow}}]))
    except OSError as error:
        log.warning('workflow "%s": nobody will find the metrics of %s: %s', workflow, task, error)


def _replace(path: Path, text: str) -> None:
    """Write a file of which a reader sees all or nothing."""
    draft = path.with_name(f".{path.name}")  # not what discovery looks for
    draft.write_text(text)
    os.replace(draft, path)


def _groups(folder: Path, workflow: str) -> Iterator[tuple[Path, list[str]]]:
    for path in sorted(folder.glob(f"worker-{workflow}-*.json")):
        try:
            [group] = json.loads(path.read_text())
            targets, of = group["targets"], group["labels"]["workflow"]
        except (OSError, ValueError, LookupError, TypeError):
            continue  # gone by now, or from a worker that was killed while it wrote
        if of == workflow:  # "flights" also finds the files of "flights-eu"
            yield path, targets
