"""What goes into a shard, and what comes out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from models.expectations import RuleBroken
from models.looked_up import Found
from models.predictions import Prediction, Predictions
from schemas.errors import BadRecord
from schemas.table import Entry, Table


@dataclass(frozen=True)
class Batch:
    """The decoded records of one frame, in order; event times in ms since the epoch.

    A record that could not be decoded is its error. A shard takes the records over: it removes the label from each.
    `uncounted` says which are none of the shard's, as they have been counted elsewhere, empty where none is; `found`
    holds, by the name of each stage that looks something up, what it is given for each record. `keys` choose the
    model for each record, where they are not fields of it.
    """

    records: Sequence[dict[str, Any] | BadRecord]
    event_times: Sequence[int]
    uncounted: Sequence[bool] = ()
    found: Mapping[str, Sequence[Found]] = field(default_factory=dict)
    keys: Sequence[Any] | None = None

    def slice(self, start: int, stop: int | None) -> Batch:
        """The records from `start` up to `stop`, or to the end."""
        found = {name: rows[start:stop] for name, rows in self.found.items()}
        keys = None if self.keys is None else self.keys[start:stop]
        return Batch(self.records[start:stop], self.event_times[start:stop], self.uncounted[start:stop], found, keys)

    @property
    def errors(self) -> dict[int, BadRecord]:
        """The records that could not be decoded, by position."""
        if isinstance(self.records, Table):
            return dict(self.records.errors)
        return {index: record for index, record in enumerate(self.records) if isinstance(record, BadRecord)}


class Rejection(NamedTuple):
    """Why a record was refused, and by which node."""

    node: str
    error: BadRecord


@dataclass
class Outcome:
    """The results of a batch, by position.

    `features` holds for each transformer stage one row a record; `predictions` one entry a record, None where there is
    no estimator or the record was rejected; `learned` is the number of records that the estimator learned from.
    `filtered` names each node that a record was meant to go no further than; it has the features of the nodes before.
    `found` is what the batch said was found. `broken` counts rules that were broken and repaired or flagged, by node,
    rule and action. `records` are those of the stream itself, for sinks that take them as they came; what was rejected
    is its error.
    """

    features: dict[str, list[dict[Any, Any] | None]]
    predictions: list[Prediction | None] | Predictions
    rejected: dict[int, Rejection] = field(default_factory=dict)
    learned: int = 0
    filtered: list[tuple[int, str]] = field(default_factory=list)
    found: Mapping[str, Sequence[Found]] = field(default_factory=dict)
    broken: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    records: Sequence[Entry] = ()

    @classmethod
    def blank(
        cls, count: int, stages: Iterable[str], found: Mapping[str, Sequence[Found]] = MappingProxyType({})
    ) -> Outcome:
        """The outcome of `count` records before anything is known of them."""
        return cls({name: [None] * count for name in stages}, [None] * count, found=found)

    def tell(self, index: int, prediction: Prediction) -> None:
        """Note what was said about one record."""
        assert isinstance(self.predictions, list)
        self.predictions[index] = prediction

    def reject(self, index: int, rejection: Rejection) -> None:
        """Take back what is known of a record, and keep why it was refused."""
        self.rejected[index] = rejection
        for rows in self.features.values():
            rows[index] = None

    def rows_of(self, node: str) -> Sequence[Entry | None]:
        """What a transformer stage gives for each record; the records for what is no stage."""
        return self.features.get(node, self.records)

    def rules_broken(self) -> Counter[tuple[str, str, str]]:
        """How often a rule was broken, by node, rule and action, dead letters included."""
        broken = Counter(self.broken)
        for node, error in self.rejected.values():
            if isinstance(error, RuleBroken):
                broken[node, error.rule, "dead_letter"] += 1
        return broken

    def extend(self, later: Outcome) -> None:
        """Append the results of the records that follow."""
        position = len(self.predictions)
        for name, rows in later.features.items():
            self.features[name].extend(rows)
        self.predictions = [*self.predictions, *later.predictions]
        self.rejected.update({position + i: rejection for i, rejection in later.rejected.items()})
        self.learned += later.learned
        self.filtered += [(position + i, node) for i, node in later.filtered]
        self.broken += later.broken
