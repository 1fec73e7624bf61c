"""Failures of user code: which record, which node, and the user's own line first."""

from __future__ import annotations

import traceback
from pathlib import Path

from models.outcome import Rejection
from schemas.errors import BadRecord

TRANSFORM, PREDICT, LEARN = "transform_failed", "predict_failed", "learn_failed"

_PACKAGE = str(Path(__file__).parent)


class LearnFailed(Exception):
    """The record at `index` failed after learning from it had begun: the state is spoiled and must be restored.

    `error` is what the record's dead letter says.
    """

    def __init__(self, index: int, node: str, error: BadRecord) -> None:
        super().__init__(index, node, error)
        self.index = index
        self.node = node
        self.error = error


def refuse(index: int, node: str, reason: str, cause: Exception, *, spoiled: bool) -> Rejection:
    """The rejection of a record that failed; raises LearnFailed where something had begun to learn from it."""
    error = describe(cause, node, reason)
    if spoiled:
        raise LearnFailed(index, node, error) from cause
    return Rejection(node, error)


def describe(cause: Exception, node: str, reason: str) -> BadRecord:
    """The error that a record's dead letter carries, for an exception out of user code.

    >>> print(describe(ValueError("no such carrier"), "model", "transform_failed"))
    ValueError: no such carrier (node "model")
    """
    if isinstance(cause, BadRecord):
        return cause
    return BadRecord(reason, f'{_place(cause)}{type(cause).__name__}: {cause} (node "{node}")')


def _place(cause: Exception) -> str:
    """The innermost line that is neither ours nor a library's, else the innermost line outside of this package."""
    frames = [frame for frame in traceback.extract_tb(cause.__traceback__) if not frame.filename.startswith(_PACKAGE)]
    own = [frame for frame in frames if "site-packages" not in frame.filename]
    if not frames:
        return ""
    frame = (own or frames)[-1]
    return f"{frame.filename}:{frame.lineno} in {frame.name}: "
