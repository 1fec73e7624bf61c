"""Outcomes to results: what a node gives for the records of a frame, as columns of the schema that a sink takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from engine.plan import Part, PlannedPipeline, Stream
from engine.workflow import DataSink
from models.outcome import Outcome
from models.predictions import Prediction, Predictions
from schemas.column import Column, Maps, Numbers, Words
from schemas.frames import Frame
from schemas.table import Positions, Table, Values, as_list, at, there
from schemas.wire import COORDINATES


@dataclass(frozen=True)
class Results:
    """Results as columns, and the positions of their records in the frame, shape `(n,)`.

    >>> Results(np.array([0, 2]), {"mean": [1.5, 2.5]}).without({2}).rows()
    [{'mean': 1.5}]
    """

    positions: Positions
    columns: Mapping[str, Values | Column]

    def __len__(self) -> int:
        return len(self.positions)

    def rows(self) -> list[dict[str, Any]]:
        """The results one by one, in their order."""
        lists = [as_list(column) for column in self.columns.values()]
        return [dict(zip(self.columns, fields, strict=True)) for fields in zip(*lists, strict=True)]

    def without(self, positions: Collection[int]) -> Results:
        """The results of all other records."""
        kept = [place for place, position in enumerate(self.positions.tolist()) if position not in positions]
        lists = {name: as_list(column) for name, column in self.columns.items()}
        return Results(self.positions[kept], {name: [values[at] for at in kept] for name, values in lists.items()})


Maker = Callable[[Frame, Outcome, int], Results]
"""Makes the results of a frame out of its outcome and the model's epoch."""
Coordinates = Callable[[Frame, Positions], Mapping[str, Values]]
Probabilities = Callable[[Sequence[Prediction] | Predictions], dict[str, Values | Column]]


def makers_of(part: Part) -> Iterator[tuple[str, Hashable, Maker]]:
    """What makes the results for each sink, and for each pipeline that connectors read, by its name.

    The key between the two is the same for all that take the same.
    """
    for sink in part.sinks.results:
        yield sink.name, *_of_sink(part, sink)
    for given in part.given:
        yield given.name, *_of_pipeline(given)


def _of_sink(part: Part, sink: DataSink) -> tuple[Hashable, Maker]:
    coordinates = partial(_coordinates, part.feed, by_topic=part.by_topic)
    if part.estimator is not None and part.estimator.name == sink.input:
        return sink.input, partial(_predictions, coordinates, _probability_column(part))
    names = (field["name"] for field in part.results[sink.name]["fields"])
    fields = tuple(name for name in names if name not in COORDINATES)
    return (sink.input, fields), partial(_features, coordinates, sink.input, fields)


def _of_pipeline(given: PlannedPipeline) -> tuple[Hashable, Maker]:
    """Connectors take no coordinates, but the event time, which is the record's own."""

    def event_time(frame: Frame, positions: Positions) -> dict[str, Values]:
        return {given.event_time: frame.index["event_time"][positions]}

    names = (field["name"] for field in given.schema["fields"])
    fields = tuple(name for name in names if name != given.event_time)
    return (given.name, given.event_time), partial(_features, event_time, given.name, fields)


def _predictions(
    coordinates: Coordinates, probabilities: Probabilities, frame: Frame, outcome: Outcome, epoch: int
) -> Results:
    said: Sequence[Prediction] | Predictions
    if isinstance(outcome.predictions, Predictions):
        said, positions = outcome.predictions, outcome.predictions.positions
        answers: Values | Column = _answers(said)
        counts: Values = said.counts
    else:
        said = [prediction for prediction in outcome.predictions if prediction is not None]
        positions = there(outcome.predictions)
        answers, counts = [each.prediction for each in said], [each.count for each in said]
    columns = {
        **coordinates(frame, positions),
        "prediction": answers,
        **probabilities(said),
        "epoch": np.full(len(positions), epoch),
        "count": counts,
    }
    return Results(positions, columns)


def _features(
    coordinates: Coordinates, stage: str, fields: Sequence[str], frame: Frame, outcome: Outcome, _: int
) -> Results:
    """The features of a stage that are in the schema; null for those that are not there."""
    rows = outcome.rows_of(stage)
    positions = there(rows)
    if isinstance(rows, Table):
        columns = _of_table(rows, positions, fields)
    else:
        features = at(rows, positions.tolist())
        columns = {name: [row.get(name) for row in features] for name in fields}
    return Results(positions, {**coordinates(frame, positions), **columns})


def _of_table(table: Table, positions: Positions, fields: Sequence[str]) -> Mapping[str, Values | Column]:
    columns = (table.take(positions) if table.errors else table).columns
    return {name: columns[name] if name in columns else [None] * len(positions) for name in fields}


def _coordinates(feed: Stream, frame: Frame, positions: Positions, *, by_topic: bool) -> dict[str, Values]:
    index = frame.index if len(positions) == len(frame) else frame.index[positions]
    columns: dict[str, Values] = {name: index[name] for name in ("partition", "offset", "event_time")}
    if by_topic:
        places = [feed.place(number) for number in index["partition"].tolist()]
        columns |= {"topic": [topic for topic, _ in places], "partition": [partition for _, partition in places]}
    return columns


def _probability_column(part: Part) -> Probabilities:
    if not part.classifies:
        return lambda _: {}
    if part.prediction_type == "boolean":
        return lambda said: {"probability": _of_true(said)}
    return lambda said: {"probabilities": _by_text(said)}


def _of_true(said: Sequence[Prediction] | Predictions) -> Values:
    if isinstance(said, Predictions):
        return said.probability_of(True)
    return [each.probabilities.get(True) if each.probabilities else None for each in said]


def _by_text(said: Sequence[Prediction] | Predictions) -> Values | Column:
    """The probability of each class, by its text."""
    if not isinstance(said, Predictions):
        return [{str(label): p for label, p in (each.probabilities or {}).items()} for each in said]
    names = [str(label) for label in said.classes]
    if said.probabilities is None:
        return [{}] * len(said.positions)
    if said.order is None:
        known = np.ones(said.probabilities.shape, np.bool_)
        return Maps(
            known.sum(axis=1), Words.of(known.nonzero()[1].astype(np.int32), names), Numbers(said.probabilities.ravel())
        )
    known = said.order >= 0
    return Maps(known.sum(axis=1), Words.of(said.order[known], names), Numbers(said.probabilities[known]))


def _answers(said: Predictions) -> Values | Column:
    if said.numbers is None and {type(label) for label in said.classes} == {str}:
        return Words.of(said.chosen_places.astype(np.int32), [str(label) for label in said.classes])
    return said.said
