"""Where workers answer to scrapes: a file for each, as Prometheus' file discovery reads them."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger(__name__)


def leave_target(folder: Path, workflow: str, port: int) -> None:
    """Write down that this process answers at `port`; one whose disk is full is only less well watched.

    A reader sees the whole file or none.
    """
    path = folder / f"worker-{workflow}-{os.getpid()}.json"
    draft = path.with_name(f".{path.name}")  # not what discovery looks for
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps([{"targets": [f"127.0.0.1:{port}"], "labels": {"workflow": workflow}}]))
        os.replace(draft, path)
    except OSError as error:
        log.warning('workflow "%s": nobody will find its metrics at port %d: %s', workflow, port, error)


def find_targets(folder: Path, workflow: str) -> list[str]:
    """The host:port of each worker of a workflow that left its address in `folder`; it may have ended since."""
    return sorted({target for _, target in _targets(folder, workflow)})


def forget_targets(folder: Path, workflow: str) -> None:
    """Remove what earlier workers of a workflow have left in `folder`."""
    for path, _ in _targets(folder, workflow):
        path.unlink(missing_ok=True)


def _targets(folder: Path, workflow: str) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.glob(f"worker-{workflow}-*.json")):
        try:
            [group] = json.loads(path.read_text())
            [target], of = group["targets"], group["labels"]["workflow"]
        except (OSError, ValueError, LookupError, TypeError):
            continue  # gone by now, or from a worker that was killed while it wrote
        if of == workflow:  # "flights" also finds the files of "flights-eu"
            yield path, target
