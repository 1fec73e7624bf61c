"""Where things may lie so that all parts of Flink find them."""

from __future__ import annotations

import sys
from pathlib import Path

from schemas.errors import Fatal


def check_paths(home: Path, python: Path = Path(sys.executable)) -> None:
    """Raises Fatal where a path has a space: the script that starts PyFlink's workers takes it for the end of a word.

    >>> check_paths(Path("/srv/my flights/.headrace"))
    Traceback (most recent call last):
    schemas.errors.Fatal: home folder "/srv/my flights/.headrace": its path has a space, which PyFlink cannot handle
    hint: choose another one with --home
    """
    for what, path, hint in (
        ("python", python, "move the project to a folder without spaces in its path"),
        ("home folder", home, "choose another one with --home"),
    ):
        if " " in str(path.absolute()):
            raise Fatal(f'{what} "{path}": its path has a space, which PyFlink cannot handle', hint=hint)
