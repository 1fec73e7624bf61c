"""Where a workflow goes on: the newest state that its last run has left."""

from __future__ import annotations

import fsspec

from engine.flink.configuration import JobSettings
from engine.flink.rest import Remembered, RestorePoint
from engine.jobs.store import Run
from schemas.errors import Fatal


def resume_point(last: Run, remembered: Remembered | None, checkpoint: RestorePoint | None) -> str | None:
    """The savepoint that stopped the last run, else its newest savepoint or checkpoint, else what it started from.

    `remembered` is what Flink knows of the run, `checkpoint` the newest that is still there. Raises Fatal where the run
    came to its end, or may have: Flink forgets jobs when it is started anew, and the checkpoints of those that ended.
    """
    if last.savepoint:
        return last.savepoint
    if remembered and remembered.ended:
        raise Fatal(f'workflow "{last.workflow}": its last run came to its end', hint="start anew with --fresh")
    savepoint = remembered.savepoint if remembered else None
    found = max((point for point in (savepoint, checkpoint) if point), default=None)
    if found is None and remembered is None and last.bounded:
        raise Fatal(
            f'workflow "{last.workflow}": its last run was bounded and left no trace: it may have come to its end',
            hint="start anew with --fresh",
        )
    return found.url if found else last.restored_from


def check_resumed(last: Run, job: JobSettings) -> None:
    """Raises Fatal where a job would read something else than the run that it resumes: what to read is in its state."""
    hint = "resume it as it was, or start anew with --fresh"
    if last.bounded != job.bounded:
        kind = "bounded" if last.bounded else "not bounded"
        said = f'workflow "{last.workflow}": its last run was {kind}, and where reading ends is part of its state'
        raise Fatal(said, hint=hint)
    if last.event_range != str(job.event_range):
        was = f"from {last.event_range}" if last.event_range else "not limited"
        raise Fatal(f'workflow "{last.workflow}": the event times of its last run were {was}', hint=hint)
    if job.backfill:
        said = f'workflow "{last.workflow}": goes on where its last run stopped, and a backfill starts at the begin'
        raise Fatal(said, hint="resume it without --backfill, or start anew with --fresh --backfill")


def newest_checkpoint(checkpoints: str, job_id: str) -> RestorePoint | None:
    """The newest complete checkpoint of a job that is still there."""
    files, root = fsspec.core.url_to_fs(f"{checkpoints.rstrip('/')}/{job_id}")
    if not files.exists(root):
        return None
    done = [path for path in files.glob(f"{root}/chk-*") if files.exists(f"{path}/_metadata")]
    points = (RestorePoint(int(path.rsplit("chk-", 1)[1]), str(files.unstrip_protocol(path))) for path in done)
    return max(points, default=None)
