"""Labelled records that wait until there are enough of them to be learned together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from river.utils.pandas import import_pandas

from schemas.table import Values, as_list


class Waiting:
    """The features of records as columns, in the order in which they came, with their labels and event times.

    `positions` are the places of the newest of them in the frame at hand, `counts` how many records had been learned
    when each of these came; those before came in earlier frames.
    """

    def __init__(self) -> None:
        self.columns: dict[Any, Values] = {}
        self.labels: list[Any] = []
        self.event_times: list[int] = []
        self.positions: list[int] = []
        self.counts: list[int] = []

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def known(self) -> int:
        """How many of them came in earlier frames."""
        return len(self.labels) - len(self.positions)

    def fits(self, x: Collection[Any]) -> bool:
        """Whether a record with these features can wait with the others."""
        return not self.labels or self.columns.keys() == set(x)

    def append(self, position: int, x: dict[Any, Any], y: Any, event_time: int, count: int) -> None:
        """Let a record wait that fits."""
        if not self.labels:
            self.columns = {name: [] for name in x}
        for name, column in self.columns.items():
            values = self.columns[name] = as_list(column)
            values.append(x[name])
        self.labels.append(y)
        self.event_times.append(event_time)
        self.positions.append(position)
        self.counts.append(count)

    def extend(
        self, positions: range, columns: dict[Any, Values], labels: list[Any], event_times: Sequence[int], count: int
    ) -> None:
        """Let records wait that fit, given as columns."""
        if self.labels:
            self.columns = {name: _joined(column, columns[name]) for name, column in self.columns.items()}
        else:
            self.columns = columns
        self.labels += labels
        self.event_times += event_times
        self.positions += positions
        self.counts += [count] * len(positions)

    def x(self, place: int) -> dict[Any, Any]:
        """The features of one of them."""
        return {name: column[place] for name, column in self.columns.items()}

    def table(self, size: int) -> Any:
        """A data frame of `size` rows: those that wait, the last of them repeated."""
        missing = size - len(self)
        return import_pandas().DataFrame({name: _padded(column, missing) for name, column in self.columns.items()})

    def drop(self, places: Collection[int]) -> None:
        """Forget some of those that came in the frame at hand."""
        known = self.known
        keep = [place for place in range(len(self)) if place not in places]
        self.positions = [self.positions[place - known] for place in keep if place >= known]
        self.counts = [self.counts[place - known] for place in keep if place >= known]
        self.columns = {name: [column[place] for place in keep] for name, column in self.columns.items()}
        self.labels = [self.labels[place] for place in keep]
        self.event_times = [self.event_times[place] for place in keep]

    def clear(self) -> None:
        """Forget all of them."""
        self.columns, self.labels, self.event_times = {}, [], []
        self.end_frame()

    def end_frame(self) -> None:
        """From now on all that wait are of an earlier frame."""
        self.positions, self.counts = [], []


def _joined(first: Values, second: Values) -> Values:
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return np.concatenate([first, second])
    return [*as_list(first), *as_list(second)]


def _padded(column: Values, missing: int) -> Values:
    if isinstance(column, np.ndarray):
        padded: Values = np.concatenate([column, np.repeat(column[-1:], missing)])
        return padded
    return [*column, *column[-1:] * missing]
