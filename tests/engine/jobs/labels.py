"""What a label join has to give, worked out record by record from its definition, without streams or state."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from engine.connectors import LabelPolicy

Record = dict[str, Any]  # with its station, when it was, and for a label the rain


class Labelled:
    """The examples of records and labels, and what becomes of each; no two of one station are at one instant."""

    def __init__(self, records: list[Record], labels: list[Record], within_ms: int, policy: LabelPolicy) -> None:
        self._records, self._within_ms, self._policy = records, within_ms, policy
        self.examples: list[Record] = []
        self.fates: Counter[str] = Counter(records=len(records), labels=len(labels))
        by_station = _by_station(labels)
        deciding = [self._of_record(record, by_station[record["station"]]) for record in records]
        for ordered in by_station.values():
            self._of_labels(ordered, [label for label in deciding if label])

    def _holds(self, record: Record, label: Record, times: int = 1) -> bool:
        age_ms: int = label["at"] - record["at"]
        return record["station"] == label["station"] and 0 <= age_ms <= times * self._within_ms

    def _of_record(self, record: Record, labels: list[Record]) -> Record | None:
        """The label that decides a record."""
        held = [label for label in labels if self._holds(record, label)]
        deadline = record["at"] + self._within_ms
        if not held:
            self.fates["records_absent"] += 1
            if self._policy.absent is not None:
                self._example(record, self._policy.absent, deadline)
            return None
        self.fates["records_matched"] += 1
        deciding = held[0] if self._policy.winner == "first" else held[-1]
        self._example(record, deciding["rain"], deciding["at"] if self._policy.winner == "first" else deadline)
        return deciding

    def _of_labels(self, labels: list[Record], deciding: list[Record]) -> None:
        standing: Record | None = None
        for label, following in zip(labels, [*labels[1:], None], strict=True):
            if any(label is other for other in deciding):
                self.fates["labels_matched"] += 1
                standing = label
            elif any(self._holds(record, label) for record in self._records):
                against = standing if self._policy.winner == "first" else following
                assert against is not None
                differs = label["rain"] != against["rain"]
                self.fates["labels_corrected" if differs else "labels_duplicate"] += 1
                if differs and self._policy.corrections == "relearn":
                    standing = label
                    for record in self._records:
                        if self._holds(record, label):
                            self._example(record, label["rain"], label["at"])
            else:
                known = any(self._holds(record, label, times=2) for record in self._records)
                self.fates["labels_late" if known else "labels_orphan"] += 1

    def _example(self, record: Record, rain: Any, decided_at: int) -> None:
        self.examples.append({**record, "rain": rain, "decided_at": decided_at})


def as_of(left: list[Record], right: list[Record], tolerance_ms: int) -> Iterator[tuple[Record, Record | None]]:
    """Each record of the left side with the newest of its station, neither after it nor older than the tolerance."""
    there = _by_station(right)
    for record in left:
        ordered = there[record["station"]]
        before = bisect_right(ordered, record["at"], key=_at)
        newest = ordered[before - 1] if before else None
        yield record, newest if newest and record["at"] - newest["at"] <= tolerance_ms else None


def _by_station(records: list[Record]) -> defaultdict[str, list[Record]]:
    """The records of each station in the order of their instants."""
    by_station: defaultdict[str, list[Record]] = defaultdict(list)
    for record in sorted(records, key=_at):
        by_station[record["station"]].append(record)
    return by_station


def _at(record: Record) -> int:
    at: int = record["at"]
    return at
