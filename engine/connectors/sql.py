"""Any SELECT of Flink SQL as a connector."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.connectors.table import Table
from schemas.errors import Fatal


@dataclass(frozen=True)
class Sql:
    """A SELECT of Flink SQL over nodes of the workflow, each a table of the node's name.

    Its columns become the fields of the result. One of them has to be the event time of an input as it is, neither
    computed nor cast: it is that of the result, too. A result that changes after it was given, such as a GROUP BY
    without a window, is refused, unless `emit="final"` asks for each of its rows once, as it is when the input has
    ended, in a run that ends; there MAX of an event time is one, too, or the one TIMESTAMP_LTZ(3) if there is none.
    Names that SQL knows, like `at` or `value`, are quoted with backticks. Delivery: exactly once, by Flink's
    checkpoints.

    >>> Sql("SELECT origin, departed_at FROM departures").reads(["departures", "weather"])
    ('departures',)
    """

    query: str
    emit: Literal["append", "final"] = "append"

    def __post_init__(self) -> None:
        if not self.query.strip():
            raise Fatal("Sql: the query is empty")
        if self.emit not in ("append", "final"):
            raise Fatal(f'Sql: emit "{self.emit}" is neither "append" nor "final"')

    @property
    def caveat(self) -> str | None:
        """What its author should know of it."""
        return "its rows come once the input has ended: for runs that end" if self.emit == "final" else None

    def reads(self, streams: Iterable[str]) -> tuple[str, ...]:
        """Those of `streams` that the query names."""
        words = set(re.findall(r"\w+", self.query))
        return tuple(stream for stream in streams if stream in words)

    def sql(self, inputs: Sequence[Table]) -> str:
        """The query as its author wrote it."""
        return self.query


def is_final(connector: object) -> bool:
    """Whether a connector gives its rows once the input has ended."""
    return isinstance(connector, Sql) and connector.emit == "final"
