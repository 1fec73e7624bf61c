"""A record by feature, for kernels that ask for some of its features, as river asks a dictionary."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.compiled.rows import Cells
from schemas.kernel import Floats, Places, shared


class Sight(NamedTuple):
    """The record that is being looked at, by feature: it has those where `seen` is its number, with such `values`."""

    values: Floats
    seen: Places


def sight(features: int) -> Sight:
    """Room to look at records that have some of so many features."""
    return Sight(np.empty(features), np.full(features, -1))


@shared
def look(sight: Sight, number: int, cells: Cells, record: int) -> None:
    """Look at a record; no other one may have the number."""
    for cell in range(cells.bounds[record], cells.bounds[record + 1]):
        sight.values[cells.ids[cell]] = cells.values[cell]
        sight.seen[cells.ids[cell]] = number
