"""What is said when user code fails: the user's own traceback first."""

from __future__ import annotations

import traceback
from pathlib import Path

from schemas.errors import HeadraceError

_OURS = str(Path(__file__).parents[1])
_LIBRARIES = ("site-packages", "lib/python", "<frozen")


def report(error: BaseException) -> str:
    """The text of `error`, the user's own lines first; ours and the libraries' only if there are no others.

    >>> print(report(ValueError("no such carrier")))
    ValueError: no such carrier
    """
    if isinstance(error, HeadraceError) and error.__cause__ is None:
        return str(error)
    cause = error.__cause__ or error
    # where a file cannot be parsed, its error names the line, and the frames are the importer's
    frames = [] if isinstance(cause, SyntaxError) else traceback.extract_tb(cause.__traceback__)
    own = [frame for frame in frames if _is_users(frame.filename)]
    head = ["Traceback (your own lines):\n"] if own else ["Traceback:\n"] if frames else []
    text = "".join([*head, *traceback.format_list(own or frames), *traceback.format_exception_only(cause)]).rstrip()
    return f"{text}\n{error}" if cause is not error else text


def _is_users(filename: str) -> bool:
    ours = filename.startswith(_OURS) and not filename.startswith((f"{_OURS}/workflows", f"{_OURS}/tests"))
    return not ours and not any(part in filename for part in _LIBRARIES)
