"""Records with what a table says about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from engine.connectors.sides import Column, Sides
from engine.connectors.table import Named, Table
from schemas.errors import Fatal


class Lookup:
    """Each record of `left` with the newest record of the table that has equal fields `on`.

    The table is a source that only lookups read: a topic, best a compacted one, read from its beginning, and held: of
    each key in Kafka the last record, until a null value deletes it; of records without such a key the last one with
    equal `on`. No record passes before all that was there at submission is there. With `refresh=True` the table goes on
    to change as its topic does, which no event time orders: so `order="event_time"` refuses that. Records that the
    table does not know are kept, with nulls, or dropped, as `unmatched` says. The result has the fields of the left
    record, then those of the table without `on`; a field that both have is called `<table>_<field>` where it is the
    table's. Delivery: exactly once, by Flink's checkpoints. Unit of parallelism: the values of `on`.

    >>> Lookup(Table("departures", (), ""), Table("planes", (), None), on="tailnum")
    Lookup('departures', 'planes', on=('tailnum',), refresh=False, unmatched='keep')
    """

    def __init__(
        self,
        left: Named,
        table: Named,
        *,
        on: str | Sequence[str],
        refresh: bool = False,
        unmatched: Literal["keep", "drop"] = "keep",
    ) -> None:
        self.sides = Sides.of("Lookup", left, table, on)
        self.refresh, self.unmatched = refresh, unmatched
        if unmatched not in ("keep", "drop"):
            raise Fatal(f'{self!r}: unmatched is neither "keep" nor "drop"')

    def __repr__(self) -> str:
        return f"Lookup({self.sides}, refresh={self.refresh!r}, unmatched={self.unmatched!r})"

    @property
    def caveat(self) -> str | None:
        """What its author should know of it."""
        return "its table changes as records come in, in no order: not reproducible" if self.refresh else None

    def reads(self, streams: Iterable[str]) -> tuple[str, ...]:
        """The stream and the table that were given."""
        return self.sides.left, self.sides.right

    def columns(self, left: Table, right: Table) -> list[Column]:
        """The fields of the result. Raises Fatal where a field of `on` is missing."""
        self.sides.check(self, left, right)
        return self.sides.columns(left, right)
