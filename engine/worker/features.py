"""Outcomes to feature rows: of each entity in a frame only the newest, and what cannot be stored apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from engine.plan import Part
from models.outcome import Batch, Outcome, Rejection
from schemas.errors import BadRecord
from schemas.frames import Frame
from schemas.table import at, field_of, there
from sinks import FeatureRow, FeatureStore, RowVersion
from sinks.feature_rows import pack

Coordinates = tuple[int, int, int]
Placed = tuple[int, FeatureRow]


class FeatureRows:
    """Finds the rows that a frame leaves for each feature sink of a part."""

    def __init__(self, part: Part) -> None:
        self._sinks = [(sink.name, sink.input, cast(FeatureStore, sink.sink)) for sink in part.sinks.features]

    def rows(self, frame: Frame, batch: Batch, outcome: Outcome) -> list[Placed]:
        """The newest row of each entity by (event time, partition, offset), and where in the frame its record is."""
        if not self._sinks:
            return []
        index = frame.index
        coordinates: list[Coordinates] = list(
            zip(index["event_time"].tolist(), index["partition"].tolist(), index["offset"].tolist(), strict=True)
        )
        return [row for name, node, store in self._sinks for row in _of(name, node, store, coordinates, batch, outcome)]


def _of(
    name: str, node: str, store: FeatureStore, coordinates: list[Coordinates], batch: Batch, outcome: Outcome
) -> Iterator[Placed]:
    rows, values = outcome.rows_of(node), field_of(batch.records, store.entity)
    newest: dict[object, int] = {}
    for position in there(rows).tolist():
        value = values[position]
        held = newest.get(value)
        if held is None or coordinates[position] > coordinates[held]:
            newest[value] = position
    places = list(newest.values())
    for position, features in zip(places, at(rows, places), strict=True):
        row = store.row(name, {store.entity: values[position]}, features, RowVersion(*coordinates[position]))
        if row is not None:
            yield position, row


def sorted_out(rows: Iterable[Placed]) -> tuple[list[Placed], list[tuple[int, Rejection]]]:
    """Those that can be stored, and why the others cannot be."""
    kept, refused = [], []
    for position, row in rows:
        try:
            pack(row)
        except BadRecord as error:
            refused.append((position, Rejection(row.feature_set, error)))
        else:
            kept.append((position, row))
    return kept, refused
