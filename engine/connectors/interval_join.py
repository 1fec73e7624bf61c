"""Records of two streams that belong together and are near to each other in event time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from engine.connectors.table import Named, Table, quoted
from schemas.durations import parse_duration
from schemas.errors import Fatal

_LONGEST = timedelta(days=999)


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
        self._left, self._right = left.name, right.name
        self._on = (on,) if isinstance(on, str) else tuple(on)
        self._before, self._after = before, after
        self._bounds = _interval(before), _interval(after)
        if self._left == self._right:
            raise Fatal(f"{self!r}: joins a stream with itself", hint="write it with Sql")
        if not self._on:
            raise Fatal(f"{self!r}: names no field to join on")

    def __repr__(self) -> str:
        given = f"on={self._on!r}, before={self._before!r}, after={self._after!r}"
        return f"IntervalJoin({self._left!r}, {self._right!r}, {given})"

    def reads(self, streams: Iterable[str]) -> tuple[str, ...]:
        """The two streams that were given."""
        return self._left, self._right

    def sql(self, inputs: Sequence[Table]) -> str:
        """The query over its inputs. Raises Fatal where a field of `on` is missing."""
        left, right = inputs
        for name in self._on:
            for table in (left, right):
                if name not in table.fields:
                    there = ", ".join(table.fields)
                    raise Fatal(f'{self!r}: "{table.name}" has no field "{name}"', hint=f"it has {there}")
        columns = [f"{quoted(left.name, name)} AS {quoted(name)}" for name in left.fields]
        for name in right.fields:
            if name not in (*self._on, right.event_time):
                called = f"{right.name}_{name}" if name in left.fields else name
                columns.append(f"{quoted(right.name, name)} AS {quoted(called)}")
        equal = " AND ".join(f"{quoted(left.name, name)} = {quoted(right.name, name)}" for name in self._on)
        time, (before, after) = quoted(left.name, left.event_time), self._bounds
        return (
            f"SELECT {', '.join(columns)}\n"
            f"FROM {quoted(left.name)} JOIN {quoted(right.name)} ON {equal}\n"
            f"AND {quoted(right.name, right.event_time)} BETWEEN {time} - {before}\n"
            f"AND {time} + {after}"
        )


def _interval(duration: str) -> str:
    """A duration as SQL writes it. Raises Fatal for one that Flink has no type for."""
    if parse_duration(duration) > _LONGEST:
        raise Fatal(f'duration "{duration}": a join looks back or ahead by at most {_LONGEST.days} days')
    minutes, rest = divmod(parse_duration(duration), timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"INTERVAL '{days} {hours:02}:{minutes:02}:{rest.total_seconds():06.3f}' DAY(3) TO SECOND(3)"
