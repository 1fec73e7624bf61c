"""A table or a query of a database as a source."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sql

from schemas.durations import parse_duration
from schemas.errors import Fatal
from sources.feeder import Batch, Feeder, Position, Reading
from sources.sql_database import Database, Row

RECORDS_PER_BATCH = 2_000
MOST_EQUAL = 20_000
_PLACE = "query"


@dataclass(frozen=True)
class SqlQuery(Feeder):
    """Records from a database that SQLAlchemy knows: the rows of `query`, a SELECT or the name of a table.

    Without `growing` they are read once, in the order of the table's primary key, or of all columns, and nothing may
    change meanwhile. With it, the name of a column, they are read in its order, and with `every` new ones are asked for
    that often; rows of equal values are told apart by their content. What is committed with a smaller value than one
    that was read before is not seen, nor are changes of a row: let the column be one that each change sets anew. `url`
    may name environment variables, so that no password is part of a workflow: `postgresql+psycopg://app:${PW}@db/shop`.

    Delivery: exactly once; the position is the value and what was read of it, or the number of rows.

    >>> SqlQuery("sqlite:///shop.db", "orders", growing="id", every="10s").every_s
    10.0
    """

    url: str
    query: str
    growing: str | None = None
    every: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.every is not None and (self.growing is None or not parse_duration(self.every)):
            hint = "every needs a column that is growing=, and a duration"
            raise Fatal(f'query "{self.query}": cannot be asked again every "{self.every}"', hint=hint)

    @property
    def every_s(self) -> float:
        """How often new rows are asked for, in seconds; 0 for once."""
        return parse_duration(self.every).total_seconds() if self.every else 0.0

    def open(self, position: Position) -> SqlReading:
        return SqlReading(self, position)


class SqlReading(Reading):
    """A database that is read."""

    def __init__(self, query: SqlQuery, position: Position) -> None:
        self._query = query
        self._place = position.get(_PLACE, {})
        self._taken = self._place.get("taken", 0)
        self._database = Database(query.url, query.query)
        self._batches = self._rounds() if query.growing else self._all()

    def read(self) -> Batch | None:
        return next(self._batches, None)

    def close(self) -> None:
        self._batches.close()
        self._database.close()

    def _all(self) -> Generator[Batch, None, None]:
        order = self._database.order()
        while rows := self._database.rows(order, RECORDS_PER_BATCH, offset=self._taken):
            yield self._batch(rows, {})

    def _rounds(self) -> Generator[Batch, None, None]:
        column: sql.ColumnElement[Any] = sql.column(self._query.growing or "")
        while True:
            self._check_nulls(column)
            while rows := self._new(column):
                yield self._batch(rows, self._newest(rows))
            if not self._query.every_s:
                return
            yield Batch((), {}, self._origin, wait_s=self._query.every_s, caught_up=True)

    def _new(self, column: sql.ColumnElement[Any]) -> Sequence[Row]:
        """The rows that come next; those of the newest value that were read before are passed over."""
        if "value" not in self._place:
            return self._database.rows([column], RECORDS_PER_BATCH)
        newest, read = _value(self._place["value"]), Counter(self._place["read"])
        limit = RECORDS_PER_BATCH + read.total()
        found = self._database.rows([column], limit, where=column >= newest)
        return list(_not_read(found, self._query.growing or "", newest, read))

    def _newest(self, rows: Sequence[Row]) -> dict[str, Any]:
        """The largest value that was read, and what was read of it."""
        name = self._query.growing or ""
        if name not in rows[-1]:
            raise Fatal(f'query "{self._query.query}": has no column "{name}"', hint=f"it has {', '.join(rows[-1])}")
        newest = rows[-1][name]
        read = [_digest(row) for row in rows if row[name] == newest]
        if "value" in self._place and _value(self._place["value"]) == newest:
            read = [*self._place["read"], *read]
        if len(read) > MOST_EQUAL:
            said = f'more than {MOST_EQUAL:,} rows have the value {newest} in "{name}"'
            raise Fatal(f'query "{self._query.query}": {said}', hint="choose a column with more different values")
        return {"value": _json(newest), "read": read}

    def _check_nulls(self, column: sql.ColumnElement[Any]) -> None:
        if self._database.rows([], 1, where=column.is_(None)):
            said = f'a row has null in the growing column "{self._query.growing}", and would never be read'
            raise Fatal(f'query "{self._query.query}": {said}', hint=f"leave such rows out: WHERE {column} IS NOT NULL")

    @property
    def _origin(self) -> str:
        return f'query "{self._query.query}"'

    def _batch(self, rows: Sequence[Row], place: dict[str, Any]) -> Batch:
        first, self._taken = self._taken, self._taken + len(rows)
        self._place = {**place, "taken": self._taken}
        return Batch(rows, {_PLACE: self._place}, self._origin, first)


def _not_read(rows: Sequence[Row], name: str, newest: Any, read: Counter[str]) -> Iterator[Row]:
    for row in rows:
        if row[name] == newest and read[digest := _digest(row)]:
            read[digest] -= 1
        else:
            yield row


def _digest(row: Row) -> str:
    return hashlib.sha256(repr(list(row.values())).encode()).hexdigest()[:16]


def _json(value: Any) -> Any:
    """A value of a growing column as JSON, with its type where JSON has none for it."""
    if isinstance(value, datetime | date):
        return {type(value).__name__: value.isoformat()}
    return {"Decimal": str(value)} if isinstance(value, Decimal) else value


def _value(said: Any) -> Any:
    """What `_json` made JSON of.

    >>> _value(_json(datetime(2013, 1, 1, 5)))
    datetime.datetime(2013, 1, 1, 5, 0)
    """
    if not isinstance(said, dict):
        return said
    [(kind, text)] = said.items()
    return _TYPES[kind](text)


_TYPES: dict[str, Any] = {"datetime": datetime.fromisoformat, "date": date.fromisoformat, "Decimal": Decimal}
