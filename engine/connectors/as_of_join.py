"""Records with what was known of another stream at their time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from engine.connectors.sides import Column, Sides
from engine.connectors.table import Named, Table
from schemas.durations import parse_duration
from schemas.errors import Fatal


class AsOfJoin:
    """Each record of `left` with the newest record of `right` that has equal fields `on` and is not after it.

    The right record may be older than the left one by `tolerance`, or by any time without it. With `wait="watermark"` a
    left record waits until both streams have come as far as its event time, so that the same input gives the same
    pairs; a slow right side may declare a heartbeat. With `wait="none"` it takes what has arrived, which is not
    reproducible. Left records without a match are kept, with nulls, or dropped, as `unmatched` says. A pair has the
    fields of the left record, then those of the right one without `on`; a field that both have is called
    `<right>_<field>` where it is the right one's. Its event time is the left one's. Of right records of one instant
    that with the greatest bytes counts. Delivery: exactly once, by Flink's checkpoints. Unit of parallelism: the values
    of `on`. Late right records are refused by their source, never matched wrongly.

    >>> AsOfJoin(Table("departures", (), ""), Table("weather", (), ""), on="origin", tolerance="3h")
    AsOfJoin('departures', 'weather', on=('origin',), tolerance='3h', wait='watermark', unmatched='keep')
    """

    def __init__(
        self,
        left: Named,
        right: Named,
        *,
        on: str | Sequence[str],
        tolerance: str | None = None,
        wait: Literal["watermark", "none"] = "watermark",
        unmatched: Literal["keep", "drop"] = "keep",
    ) -> None:
        self.sides = Sides.of("AsOfJoin", left, right, on)
        self.tolerance, self.wait, self.unmatched = tolerance, wait, unmatched
        if tolerance is not None:
            parse_duration(tolerance)
        if wait not in ("watermark", "none"):
            raise Fatal(f'{self!r}: wait is neither "watermark" nor "none"')
        if unmatched not in ("keep", "drop"):
            raise Fatal(f'{self!r}: unmatched is neither "keep" nor "drop"')

    def __repr__(self) -> str:
        given = f"tolerance={self.tolerance!r}, wait={self.wait!r}, unmatched={self.unmatched!r}"
        return f"AsOfJoin({self.sides}, {given})"

    @property
    def caveat(self) -> str | None:
        """What its author should know of it."""
        if self.wait == "watermark":
            return None
        return "takes what has arrived of the right side: not reproducible"

    def reads(self, streams: Iterable[str]) -> tuple[str, ...]:
        """The two streams that were given."""
        return self.sides.left, self.sides.right

    def columns(self, left: Table, right: Table) -> list[Column]:
        """The fields of a pair. Raises Fatal where a field of `on` is missing."""
        self.sides.check(self, left, right)
        return self.sides.columns(left, right)
