"""What a job says when it stops for good: the user's own traceback first."""

from __future__ import annotations

import traceback
from pathlib import Path

from schemas.errors import HeadraceError

_OURS = str(Path(__file__).parents[2])
_LIBRARIES = ("site-packages", "lib/python", "<frozen")


def report(error: BaseException, workflow: str) -> str:
    """The text of `error`, the user's own lines first; ours and the libraries' only if there are no others."""
    told = f'workflow "{workflow}" cannot go on'
    if isinstance(error, HeadraceError) and error.__cause__ is None:
        return f"{error}\n{told}"
    cause = error.__cause__ or error
    frames = traceback.extract_tb(cause.__traceback__)
    own = [frame for frame in frames if _is_users(frame.filename)]
    lines = traceback.format_list(own or frames)
    head = "Traceback (your own lines):" if own else "Traceback:"
    return "".join([f"{head}\n", *lines, *traceback.format_exception_only(cause), f"{told}: {error}"])


def _is_users(filename: str) -> bool:
    ours = filename.startswith(_OURS) and not filename.startswith(f"{_OURS}/workflows")
    return not ours and not any(part in filename for part in _LIBRARIES)
