"""Outcomes to feature rows: of each entity in a frame only the newest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from engine.plan import Plan
from models.outcome import Batch, Outcome
from schemas.frames import Frame
from sinks import FeatureRow, FeatureStore, RowVersion

Coordinates = tuple[int, int, int]


class FeatureRows:
    """Finds the rows that a frame leaves for each feature sink of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._sinks = [(sink.name, sink.input, cast(FeatureStore, sink.sink)) for sink in plan.feature_sinks]

    def rows(self, frame: Frame, batch: Batch, outcome: Outcome) -> list[FeatureRow]:
        """The newest row of each entity by (event time, partition, offset)."""
        if not self._sinks:
            return []
        index = frame.index
        coordinates: list[Coordinates] = list(
            zip(index["event_time"].tolist(), index["partition"].tolist(), index["offset"].tolist(), strict=True)
        )
        return [row for name, node, store in self._sinks for row in _of(name, node, store, coordinates, batch, outcome)]


def _of(
    name: str, node: str, store: FeatureStore, coordinates: list[Coordinates], batch: Batch, outcome: Outcome
) -> Iterator[FeatureRow]:
    newest: dict[object, int] = {}
    entity, rows = store.entity, outcome.features[node]
    for position, features in enumerate(rows):
        if features is None:
            continue
        value = batch.records[position][entity]  # type: ignore[index]  # what has features is a record
        held = newest.get(value)
        if held is None or coordinates[position] > coordinates[held]:
            newest[value] = position
    for position in newest.values():
        row = store.row(name, batch.records[position], rows[position] or {}, RowVersion(*coordinates[position]))  # type: ignore[arg-type]
        if row is not None:
            yield row
