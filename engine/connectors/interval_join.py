"""Records of two streams that belong together and are near to each other in event time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.connectors.sides import Sides
from engine.connectors.table import Named, Table, interval, quoted


class IntervalJoin:
    """Each pair of a record of `left` and one of `right` with equal fields `on` and event times near to each other.

    The right record may be up to `before` earlier and up to `after` later than the left one. A pair has the fields of
    the left record, then those of the right one without `on` and its event time; a field that both have is called
    `<right>_<field>` where it is the right one's. Its event time is the left one's. Delivery: exactly once, by Flink's
    checkpoints. Unit of parallelism: the values of `on`.

    >>> join = IntervalJoin(Table("flights", (), ""), Table("weather", (), ""), on="origin", before="1h")
    >>> print(join.sql([Table("flights", ("origin", "at"), "at"), Table("weather", ("origin", "wind", "t"), "t")]))
    SELECT `flights`.`origin` AS `origin`, `flights`.`at` AS `at`, `weather`.`wind` AS `wind`
    FROM `flights` JOIN `weather` ON `flights`.`origin` = `weather`.`origin`
    AND `weather`.`t` BETWEEN `flights`.`at` - INTERVAL '0 01:00:00.000' DAY(3) TO SECOND(3)
    AND `flights`.`at` + INTERVAL '0 00:00:00.000' DAY(3) TO SECOND(3)
    """

    def __init__(
        self, left: Named, right: Named, *, on: str | Sequence[str], before: str = "0s", after: str = "0s"
    ) -> None:
        self._sides = Sides.of("IntervalJoin", left, right, on)
        self._before, self._after = before, after
        self._bounds = interval(before), interval(after)

    def __repr__(self) -> str:
        return f"IntervalJoin({self._sides}, before={self._before!r}, after={self._after!r})"

    def reads(self, streams: Iterable[str]) -> tuple[str, ...]:
        """The two streams that were given."""
        return self._sides.left, self._sides.right

    def sql(self, inputs: Sequence[Table]) -> str:
        """The query over its inputs. Raises Fatal where a field of `on` is missing."""
        left, right = inputs
        self._sides.check(self, left, right)
        columns = [
            f"{quoted((left if column.from_left else right).name, column.field)} AS {quoted(column.name)}"
            for column in self._sides.columns(left, right, without=(right.event_time,))
        ]
        equal = " AND ".join(f"{quoted(left.name, name)} = {quoted(right.name, name)}" for name in self._sides.on)
        time, (before, after) = quoted(left.name, str(left.event_time)), self._bounds
        return (
            f"SELECT {', '.join(columns)}\n"
            f"FROM {quoted(left.name)} JOIN {quoted(right.name)} ON {equal}\n"
            f"AND {quoted(right.name, str(right.event_time))} BETWEEN {time} - {before}\n"
            f"AND {time} + {after}"
        )
