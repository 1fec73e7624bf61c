"""A table of a SQL database as a sink: one row for each value of its key, the newest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NoSuchModuleError, StatementError
from sqlalchemy.schema import CreateTable

from schemas.errors import BadRecord, Fatal
from schemas.session import Session
from schemas.wire import REFUSED
from sinks.sql_connection import connect, errors_of
from sinks.sql_types import column_of, converter

_PLACE = ("topic", "partition", "offset")  # whose result it is; most name no topic
_VERSION = ("event_time", *_PLACE)  # what makes one result newer than another
_INSERT: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class SqlTable:
    """Results to a table of PostgreSQL or SQLite, one row for each value of the columns `key`: the newest.

    Without `key` that is one row for each record, by its coordinates.

    Delivery: a result that is written again replaces itself, and one that is older by (event time, partition, offset)
    loses, so a replay changes nothing. The results of a frame are one transaction; they can be seen before the
    checkpoint that they belong to. Unit of parallelism: the slot. `url` is SQLAlchemy's, `table` may name a schema in
    front of a dot. The table is created, unless it is there or `create` is False.

    `schema` names the Avro schema of the features to write, one that ships or the path of an .avsc file.
    Without it all are written, as they are known before anything runs; predictions have a schema of their own.

    >>> SqlTable("postgresql+psycopg://headrace:secret@db/weather", "predictions").place
    'postgresql+psycopg://headrace:***@db/weather, table "predictions"'
    """

    url: str = field(repr=False)
    table: str
    key: tuple[str, ...] | None = None
    schema: str | None = None
    create: bool = True

    def __post_init__(self) -> None:
        if not self.table:
            raise Fatal("table: the name is empty")
        if isinstance(self.key, str) or self.key == ():
            raise Fatal(f'table "{self.table}": key must be a tuple of names')
        try:
            dialect = sql.make_url(self.url).get_dialect().name
        except (ArgumentError, NoSuchModuleError) as error:
            raise Fatal(f'table "{self.table}": {error}', hint="for example: sqlite:////data/results.db") from None
        if dialect not in _INSERT:
            raise Fatal(f'table "{self.table}": database "{dialect}", expected one of {", ".join(_INSERT)}')

    @property
    def place(self) -> str:
        """Where the results are, in words and without the password."""
        return f'{sql.make_url(self.url).render_as_string(hide_password=True)}, table "{self.table}"'

    def open(self, schema: dict[str, Any]) -> TableWriter:
        """A writer for results of an Avro schema. Raises Retryable when the database is away, Fatal where the table is
        not there or another one.
        """
        engine = connect(self.url)
        try:
            with errors_of(self.place), engine.begin() as connection:
                table = _described(self, schema)
                _check(self, table, connection)
            return TableWriter(engine, self.place, table, {each["name"]: each["type"] for each in schema["fields"]})
        except BaseException:
            engine.dispose()
            raise


class TableWriter(Session):
    """Writes results to a table; a context manager. Made by `SqlTable.open`."""

    def __init__(self, engine: sql.Engine, place: str, table: sql.Table, types: Mapping[str, Any]) -> None:
        self._engine = engine
        self._place = place
        self._key = _key(table)
        self._version = [name for name in _VERSION if name in types]
        self._upsert = _upsert(engine.dialect.name, table, self._version)
        self._converters = {name: converter(kind) for name, kind in types.items()}

    def write(self, rows: Sequence[Row]) -> dict[int, BadRecord]:
        """Store what is newer than what the table has, in one transaction; gives what it refused, by position.

        Raises Retryable when the database is away; writing the same rows again is then right.
        """
        if not rows:
            return {}
        values = [{name: convert(row[name]) for name, convert in self._converters.items()} for row in rows]
        with errors_of(self._place):
            try:
                with self._engine.begin() as connection:
                    connection.execute(self._upsert, _newest(values, self._key, self._version))
            except StatementError as error:
                if not _is_refusal(error):
                    raise
                return self._one_by_one(values)
        return {}

    def _one_by_one(self, values: Sequence[dict[str, Any]]) -> dict[int, BadRecord]:
        refused = {}
        with self._engine.begin() as connection:
            for position, value in enumerate(values):
                try:
                    with connection.begin_nested():
                        connection.execute(self._upsert, value)
                except StatementError as error:
                    if not _is_refusal(error):
                        raise
                    refused[position] = BadRecord(REFUSED, f"{self._place}: {error.orig}")
        return refused

    def close(self) -> None:
        self._engine.dispose()


def _is_refusal(error: StatementError) -> bool:
    """Whether it is the record's fault: a constraint, or a value that the column or the driver does not take."""
    return isinstance(error, IntegrityError | DataError) or not isinstance(error, DBAPIError)


def _newest(values: Iterable[dict[str, Any]], key: Sequence[str], version: Sequence[str]) -> list[dict[str, Any]]:
    """Of the rows of each key the newest, ordered by key, so that two writers wait for one another in one direction."""
    newest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for value in values:
        of_key = tuple(value[name] for name in key)
        held = newest.get(of_key)
        if held is None or [value[name] for name in version] >= [held[name] for name in version]:
            newest[of_key] = value
    return [newest[of_key] for of_key in sorted(newest, key=str)]


def _key(table: sql.Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


def _upsert(dialect: str, table: sql.Table, version: Sequence[str]) -> Any:
    insert = _INSERT[dialect](table)
    given, held = insert.excluded, table.c
    is_newer = sql.tuple_(*(given[name] for name in version)) >= sql.tuple_(*(held[name] for name in version))
    columns = {column.name: given[column.name] for column in table.columns}
    return insert.on_conflict_do_update(index_elements=_key(table), set_=columns, where=is_newer)


def _described(sink: SqlTable, schema: dict[str, Any]) -> sql.Table:
    """The table as it has to be for results of a schema."""
    columns = {each["name"]: column_of(each) for each in schema["fields"]}
    key = sink.key or [name for name in _PLACE if name in columns]
    for name in key:
        if name not in columns:
            hint = f"there are {', '.join(columns)}"
            raise Fatal(f'table "{sink.table}": key column "{name}" is no field of the results', hint=hint)
        columns[name].nullable = False  # a key of SQLite's takes null otherwise
    namespace, _, name = sink.table.rpartition(".")
    return sql.Table(name, sql.MetaData(), *columns.values(), sql.PrimaryKeyConstraint(*key), schema=namespace or None)


def _check(sink: SqlTable, table: sql.Table, connection: sql.Connection) -> None:
    """Create the table where it is not there. Raises Fatal where it may not be, or has other columns or another key."""
    there = sql.inspect(connection)
    statement = str(CreateTable(table).compile(connection)).strip()
    if not there.has_table(table.name, table.schema):
        if not sink.create:
            raise Fatal(f"{sink.place}: is not there", hint=f"create it:\n{statement}")
        table.create(connection)
        return
    columns = {column["name"] for column in there.get_columns(table.name, table.schema)}
    missing = [column.name for column in table.columns if column.name not in columns]
    if missing:
        raise Fatal(f'{sink.place}: has no column "{missing[0]}"', hint=f"it should be:\n{statement}")
    # refused by the database itself where the key is no key of the table
    nothing = sql.select(*table.primary_key.columns).where(sql.false())
    insert = _INSERT[connection.dialect.name](table).from_select(_key(table), nothing)
    connection.execute(insert.on_conflict_do_nothing(index_elements=_key(table)))
