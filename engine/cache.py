"""The folder for what is derived and can be derived again: jars and the compiled shim."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def cache_folder() -> Path:
    """Return `HEADRACE_CACHE`, else `.cache` beside the code, else the user's own cache folder.

    >>> cache_folder().is_absolute()
    True
    """
    given = os.environ.get("HEADRACE_CACHE")
    if given:
        return Path(given).expanduser().absolute()
    if os.access(ROOT, os.W_OK):
        return ROOT / ".cache"
    return Path.home() / ".cache" / "headrace"
