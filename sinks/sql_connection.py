"""Connections to SQL databases, and their errors as ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import DBAPIError, OperationalError

from schemas.errors import Fatal, Retryable

CONNECT_TIMEOUT_S = 5
LOCK_TIMEOUT_S = 5
_SQLITE_AWAY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
# classes and codes of PostgreSQL's appendix A: connection, rollback, resources, intervention, a standby, a lock
_POSTGRESQL_AWAY = ("08", "40", "53", "57", "25006", "55P03")


def connect(url: str) -> sql.Engine:
    """An engine whose connections are looked at before they are used; it opens none yet."""
    parts = sql.make_url(url)
    if parts.get_backend_name() != "sqlite":
        named = parts if "+" in parts.drivername else parts.set(drivername=f"{parts.drivername}+psycopg")
        return sql.create_engine(named, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})
    engine = sql.create_engine(url, connect_args={"timeout": LOCK_TIMEOUT_S})
    # the driver begins transactions too late for savepoints, and then without the lock that it has to wait for
    sql.event.listen(engine, "connect", _begin_ourselves)
    sql.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _begin_ourselves(connection: Any, _: object) -> None:
    connection.isolation_level = None


@contextmanager
def errors_of(place: str) -> Iterator[None]:
    """Turn errors of a database into Retryable where it is away or busy, and into Fatal where it refuses."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated or (isinstance(error, OperationalError) and _is_away(error.orig)):
            raise Retryable(f"{place}: {error.orig}", hint="check the database, or wait for it") from error
        raise Fatal(f"{place}: {error.orig}") from error


def _is_away(error: Any) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_AWAY
    state = getattr(error, "sqlstate", None)  # none where there was no connection
    return state is None or state.startswith(_POSTGRESQL_AWAY)
