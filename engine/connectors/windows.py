"""Windows of event time, as a few words that become SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from engine.connectors.table import Named, Table, check_fields, interval, names, quoted
from schemas.errors import Fatal


class Window:
    """What all windows have: a stream, the fields `by`, durations, and SQL aggregates by the names of their fields."""

    _function: ClassVar[str]

    def __init__(
        self, stream: Named, by: str | Sequence[str] | None, durations: Mapping[str, str], aggregates: Mapping[str, str]
    ) -> None:
        self._stream, self._by = stream.name, names(by)
        self._durations, self._aggregates = dict(durations), dict(aggregates)
        self._intervals = [interval(duration) for duration in durations.values()]
        if not aggregates:
            raise Fatal(f"{self!r}: has nothing to work out", hint='for example n="COUNT(*)"')

    def __repr__(self) -> str:
        given = {"by": self._by, **self._durations, **self._aggregates}
        return f"{type(self).__name__}({self._stream!r}, {', '.join(f'{k}={v!r}' for k, v in given.items())})"

    def reads(self, streams: Iterable[str]) -> tuple[str, ...]:
        """The stream that was given."""
        return (self._stream,)

    def sql(self, inputs: Sequence[Table]) -> str:
        """The query over its input. Raises Fatal where a field of `by` is missing."""
        table = inputs[0]
        check_fields(self, self._by, table)
        return self._query(table)

    def _query(self, table: Table) -> str:
        """The SELECT over the windows that the table function of this kind makes."""
        keys = [quoted(name) for name in self._by]
        made = [f"{sql} AS {quoted(name)}" for name, sql in self._aggregates.items()]
        times = [f"CAST({end} AS TIMESTAMP_LTZ(3)) AS {end}" for end in ("window_start", "window_end")]
        arguments = [f"TABLE {self._partitioned(table)}", f"DESCRIPTOR({quoted(str(table.event_time))})"]
        return (
            f"SELECT {', '.join([*keys, *made, *times])}, window_time\n"
            f"FROM TABLE({self._function}({', '.join([*arguments, *self._intervals])}))\n"
            f"GROUP BY {', '.join([*keys, 'window_start', 'window_end', 'window_time'])}"
        )

    def _partitioned(self, table: Table) -> str:
        return quoted(table.name)


class Tumbling(Window):
    """One record for each `size` of event time and each value of `by`; windows follow each other without a gap.

    The keywords are SQL aggregates by the name of their field. A record has the fields `by`, those, `window_start`,
    `window_end`, and `window_time`, the last millisecond of the window, which is its event time. Windows begin at
    multiples of their size since 1970 in UTC; one without records gives none. Delivery: exactly once, by Flink's
    checkpoints. Unit of parallelism: the values of `by`, but for one task that in event-time order puts rows into it.

    >>> Tumbling(Table("pages", (), ""), by="site", size="1h", seen="COUNT(*)")
    Tumbling('pages', by=('site',), size='1h', seen='COUNT(*)')
    """

    _function = "TUMBLE"

    def __init__(self, stream: Named, *, size: str, by: str | Sequence[str] | None = None, **aggregates: str) -> None:
        super().__init__(stream, by, {"size": size}, aggregates)


class Hopping(Window):
    """Like Tumbling, with a window of `size` that begins every `every`: each record is in several.

    >>> Hopping(Table("pages", (), ""), by="site", size="1h", every="10m", seen="COUNT(*)")
    Hopping('pages', by=('site',), every='10m', size='1h', seen='COUNT(*)')
    """

    _function = "HOP"

    def __init__(
        self, stream: Named, *, size: str, every: str, by: str | Sequence[str] | None = None, **aggregates: str
    ) -> None:
        super().__init__(stream, by, {"every": every, "size": size}, aggregates)


class Cumulative(Window):
    """Like Tumbling, with a result every `every` of all since the window began: today so far, by the hour.

    >>> Cumulative(Table("pages", (), ""), by="site", size="1d", every="1h", seen="COUNT(*)")
    Cumulative('pages', by=('site',), every='1h', size='1d', seen='COUNT(*)')
    """

    _function = "CUMULATE"

    def __init__(
        self, stream: Named, *, size: str, every: str, by: str | Sequence[str] | None = None, **aggregates: str
    ) -> None:
        super().__init__(stream, by, {"every": every, "size": size}, aggregates)


class Session(Window):
    """Like Tumbling, with windows that end where nothing has come for `gap`.

    >>> Session(Table("pages", (), ""), by="user", gap="30m", seen="COUNT(*)")
    Session('pages', by=('user',), gap='30m', seen='COUNT(*)')
    """

    _function = "SESSION"

    def __init__(self, stream: Named, *, gap: str, by: str | Sequence[str] | None = None, **aggregates: str) -> None:
        super().__init__(stream, by, {"gap": gap}, aggregates)

    def _partitioned(self, table: Table) -> str:
        keys = f" PARTITION BY {', '.join(map(quoted, self._by))}" if self._by else ""
        return quoted(table.name) + keys


class Over(Window):
    """Each record, with aggregates of those in the last `span` of event time up to it, itself among them.

    The keywords are SQL aggregates by the name of their field; records of one instant count for each other. A record
    keeps its fields and its event time. Delivery: exactly once, by Flink's checkpoints. Unit of parallelism: the values
    of `by`, but for one task that in event-time order puts rows into it.

    >>> over = Over(Table("flights", (), ""), by="origin", span="1h", departures_1h="COUNT(*)")
    >>> print(over.sql([Table("flights", ("origin", "at"), "at")]))
    SELECT *, COUNT(*) OVER `recent` AS `departures_1h`
    FROM `flights`
    WINDOW `recent` AS (PARTITION BY `origin` ORDER BY `at`
    RANGE BETWEEN INTERVAL '0 01:00:00.000' DAY(3) TO SECOND(3) PRECEDING AND CURRENT ROW)
    """

    def __init__(self, stream: Named, *, span: str, by: str | Sequence[str] | None = None, **aggregates: str) -> None:
        super().__init__(stream, by, {"span": span}, aggregates)

    def _query(self, table: Table) -> str:
        made = [f"{sql} OVER `recent` AS {quoted(name)}" for name, sql in self._aggregates.items()]
        keys = f"PARTITION BY {', '.join(map(quoted, self._by))} " if self._by else ""
        [span] = self._intervals
        return (
            f"SELECT *, {', '.join(made)}\nFROM {quoted(table.name)}\n"
            f"WINDOW `recent` AS ({keys}ORDER BY {quoted(str(table.event_time))}\n"
            f"RANGE BETWEEN {span} PRECEDING AND CURRENT ROW)"
        )
