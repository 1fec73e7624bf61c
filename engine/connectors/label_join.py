"""Records with the labels that come for them later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.connectors.sides import Column, Sides
from engine.connectors.table import Named, Table, check_fields
from schemas.durations import parse_duration
from schemas.errors import Fatal

DECIDED_AT = "decided_at"
"""The field with the event time of an example: when its label was decided."""


@dataclass(frozen=True)
class LabelPolicy:
    """What a label join does where there is not exactly one label.

    `absent` is the label of a record for which none has come by its deadline; None leaves such records out. With
    `winner="first"` the first label decides, at once; with "last" the last one does, at the deadline. A later label
    that says something else than the newest one before it is ignored, or with `corrections="relearn"` gives one more
    example of each record within reach that has been decided; one that decides another record corrects none.

    >>> LabelPolicy(absent=False).winner
    'first'
    """

    absent: bool | int | float | str | None = None
    winner: Literal["first", "last"] = "first"
    corrections: Literal["ignore", "relearn"] = "ignore"

    def __post_init__(self) -> None:
        if self.winner not in ("first", "last"):
            raise Fatal(f'{self!r}: winner is neither "first" nor "last"')
        if self.corrections not in ("ignore", "relearn"):
            raise Fatal(f'{self!r}: corrections is neither "ignore" nor "relearn"')
        if self.winner == "last" and self.corrections == "relearn":
            raise Fatal(f"{self!r}: nothing is left to correct once the last label has decided")


class LabelJoin:
    """Each record of `records` with the field `label` of the record of `labels` that has equal fields `on`.

    A label belongs to the records that are not after it and at most `within` before it. An example has the fields of
    its record, the label, and `decided_at`, which is its event time: when the label came, or the deadline. What becomes
    of every record and every label is counted in two ledgers that add up at any moment: records are matched, absent,
    late or pending, labels are matched, late, orphan, duplicate, corrected or pending; `headrace ledger` shows them. A
    label is late if a record of its key was there before, for as long again as `within`, and an orphan otherwise. At
    the end of a bounded input time has ended, and all deadlines have passed. Delivery: exactly once, by Flink's
    checkpoints. Unit of parallelism: the values of `on`.

    >>> LabelJoin(Table("departures", (), ""), Table("landings", (), ""), on="id", label="late", within="36h")
    LabelJoin('departures', 'landings', on=('id',), label='late', within='36h', policy=LabelPolicy(absent=None, \
winner='first', corrections='ignore'))
    """

    def __init__(
        self,
        records: Named,
        labels: Named,
        *,
        on: str | Sequence[str],
        label: str,
        within: str,
        policy: LabelPolicy = LabelPolicy(),
    ) -> None:
        self.sides = Sides.of("LabelJoin", records, labels, on)
        self.label, self.within, self.policy = label, within, policy
        parse_duration(within)

    def __repr__(self) -> str:
        return f"LabelJoin({self.sides}, label={self.label!r}, within={self.within!r}, policy={self.policy!r})"

    def reads(self, streams: Iterable[str]) -> tuple[str, ...]:
        """The two streams that were given."""
        return self.sides.left, self.sides.right

    def columns(self, left: Table, right: Table) -> list[Column]:
        """The fields of an example but for `decided_at`. Raises Fatal where one is missing, or there twice."""
        self.sides.check(self, left, right)
        check_fields(self, (self.label,), right)
        for name in (self.label, DECIDED_AT):
            if name in left.fields:
                hint = "leave it out, or give it another name with Sql"
                raise Fatal(f'{self!r}: "{left.name}" has a field "{name}", too', hint=hint)
        return [*(Column(True, name, name) for name in left.fields), Column(False, self.label, self.label)]
