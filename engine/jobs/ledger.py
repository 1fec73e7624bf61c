"""What has become of the records and the labels of a label join."""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.flink.joins import ledger_of
from engine.flink.rest import FlinkRest
from schemas.errors import Fatal


@dataclass(frozen=True)
class Ledger:
    """Two sums, each of what follows it: records and labels that have come, and what has become of them.

    >>> ledger = Ledger.parse("[5, 2, 1, 0, 2, 4, 2, 0, 1, 1, 0, 0]")
    >>> ledger.adds_up, ledger.records_pending, ledger.labels_orphan
    (True, 2, 1)
    """

    records: int
    records_matched: int
    records_absent: int
    records_late: int
    records_pending: int
    labels: int
    labels_matched: int
    labels_late: int
    labels_orphan: int
    labels_duplicate: int
    labels_corrected: int
    labels_pending: int

    @classmethod
    def parse(cls, text: str) -> Ledger:
        """The ledger in the text that Flink gives for it."""
        return cls(*json.loads(text))

    @property
    def adds_up(self) -> bool:
        """Whether each sum is that of its parts."""
        records = self.records_matched + self.records_absent + self.records_late + self.records_pending
        told = self.labels_duplicate + self.labels_corrected + self.labels_pending
        labels = self.labels_matched + self.labels_late + self.labels_orphan + told
        return (records, labels) == (self.records, self.labels)


def read_ledgers(workflow: str, flink: FlinkRest) -> dict[str, Ledger]:
    """The ledgers of a workflow's newest run, by label join. Raises Fatal where Flink knows no run."""
    job = next((job for job in flink.jobs() if job.name == workflow), None)
    if job is None:
        raise Fatal(f'workflow "{workflow}": Flink knows no run of it', hint="`headrace run` starts one")
    suffix = ledger_of("")
    return {
        name.removesuffix(suffix): Ledger.parse(text)
        for name, text in flink.accumulators(job.id).items()
        if name.endswith(suffix)
    }
