"""Rows of a database, through SQLAlchemy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sql

from schemas.errors import Fatal, Retryable
from schemas.session import Session
from sources.environment import filled_in

Row = dict[str, Any]
_SOURCE = "fed"


class Database(Session):
    """The rows of `query`, a SELECT or the name of a table, in a database. Raises Retryable where it is away, Fatal."""

    def __init__(self, url: str, query: str) -> None:
        self._query = query
        self._is_table = not query.strip().upper().startswith(("SELECT", "WITH"))
        self._engine = _engine(url, query)
        self._source = self._from()

    def order(self) -> list[sql.ColumnElement[Any]]:
        """What to order by so that the order is always the same: the primary key, or all columns."""
        try:
            if self._is_table:
                schema, _, table = self._query.rpartition(".")
                inspector = sql.inspect(self._engine)
                if names := inspector.get_pk_constraint(table, schema or None)["constrained_columns"]:
                    return [sql.column(name) for name in names]
            with self._engine.connect() as connection:
                names = list(connection.execute(self._select().limit(0)).keys())
        except sql.exc.SQLAlchemyError as error:
            raise self._translated(error) from error
        return [sql.column(name) for name in names]

    def rows(
        self,
        order: Sequence[sql.ColumnElement[Any]],
        limit: int,
        *,
        where: sql.ColumnElement[bool] | None = None,
        offset: int = 0,
    ) -> list[Row]:
        """The first rows in this order, behind `offset`, that meet the condition."""
        select = self._select().order_by(*order).limit(limit).offset(offset)
        try:
            with self._engine.connect() as connection:
                found = connection.execute(select if where is None else select.where(where))
                return [dict(row) for row in found.mappings()]
        except sql.exc.SQLAlchemyError as error:
            raise self._translated(error) from error

    def close(self) -> None:
        self._engine.dispose()

    def _select(self) -> sql.Select[Any]:
        return sql.select(sql.literal_column("*")).select_from(self._source)

    def _from(self) -> sql.FromClause | sql.TextClause:
        if self._is_table:
            schema, _, table = self._query.rpartition(".")
            return sql.table(table, schema=schema or None)
        # a colon stands for a parameter, and here there are none
        return sql.text(f"({self._query.strip().rstrip(';')}) AS {_SOURCE}".replace(":", "\\:"))

    def _translated(self, error: sql.exc.SQLAlchemyError) -> Retryable | Fatal:
        """Our error for one of SQLAlchemy's; a URL shows no password."""
        reason = "no such table" if isinstance(error, sql.exc.NoSuchTableError) else getattr(error, "orig", error)
        said = f'query "{self._query}": database "{self._engine.url}": {reason}'
        away = isinstance(error, sql.exc.OperationalError | sql.exc.InterfaceError | sql.exc.TimeoutError)
        if away and (self._engine.url.get_backend_name() != "sqlite" or "locked" in said):
            return Retryable(said, hint="see that it answers")
        return Fatal(said)


def _engine(url: str, query: str) -> sql.Engine:
    whole = filled_in(url, os.environ, f'query "{query}"')
    try:
        return sql.create_engine(sql.make_url(whole))
    except (sql.exc.ArgumentError, ValueError):
        # their texts may repeat the URL, and with it a password
        raise Fatal(f'query "{query}": its url is not that of a database that SQLAlchemy knows') from None
    except ModuleNotFoundError as error:
        said = f'the driver of its database, module "{error.name}", is not installed'
        raise Fatal(f'query "{query}": {said}') from error
