"""The joins and windows that are measured: each as a connector of ours, and as plain Flink SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.connectors import AsOfJoin, Connector, IntervalJoin, Over, Query, Session, Table, Tumbling
from engine.connectors.table import Named

# an append-only stream becomes a table with versions by keeping the newest row of each key, says Flink's documentation
_NEWEST = """
SELECT `at`, `origin`, `level`, `trend` FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY `origin` ORDER BY `at` DESC) AS `place` FROM `levels`)
WHERE `place` = 1"""
_AS_OF = """
SELECT `readings`.*, `newest_levels`.`level`, `newest_levels`.`trend`
FROM `readings` LEFT JOIN `newest_levels` FOR SYSTEM_TIME AS OF `readings`.`at`
ON `readings`.`origin` = `newest_levels`.`origin`"""


@dataclass(frozen=True)
class Measured:
    """A join or window: what it reads, how it is made of that, and the same in plain SQL where that is another text.

    One that is `sparse` gives so few results that nothing holds up its inputs while a worker starts.
    """

    name: str
    reads: tuple[str, ...]
    connector: Callable[..., Connector]
    plain: str = ""
    sparse: bool = False

    def sql(self, tables: list[Table]) -> str:
        """The SELECT of plain Flink SQL; a connector that is a query of its own is asked for it."""
        if self.plain:
            return self.plain
        made = self.connector(*tables)
        assert isinstance(made, Query)
        return made.sql(tables)


def _interval(readings: Named, levels: Named) -> Connector:
    return IntervalJoin(readings, levels, on="origin", before="100s")


def _as_of(readings: Named, levels: Named) -> Connector:
    return AsOfJoin(readings, levels, on="origin")


def _over(readings: Named) -> Connector:
    return Over(readings, by="origin", span="1h", seen="COUNT(*)", mean_delay="AVG(delay)")


def _session(readings: Named) -> Connector:
    return Session(readings, by="visitor", gap="30m", seen="COUNT(*)", mean_delay="AVG(delay)")


def _tumbling(readings: Named) -> Connector:
    return Tumbling(readings, by="origin", size="1h", seen="COUNT(*)", mean_delay="AVG(delay)")


INTERVAL = Measured("interval join", ("reading", "level"), _interval)
AS_OF = Measured("as-of join", ("reading", "level"), _as_of, _AS_OF)
OVER = Measured("1-hour OVER window", ("reading",), _over)
SESSION = Measured("session window", ("reading",), _session)
TUMBLING = Measured("tumbling window", ("reading",), _tumbling, sparse=True)
VIEWS = {"newest_levels": _NEWEST}
