"""Subjects, versions and schemas in a database: SQLite on a laptop, PostgreSQL elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    func,
    select,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, OperationalError

from schemas.errors import Fatal, Retryable

_ATTEMPTS = 5

_tables = MetaData()
_schemas = Table(
    "schemas",
    _tables,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("text", Text, nullable=False),
)
_versions = Table(
    "versions",
    _tables,
    Column("subject", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("schema_id", ForeignKey("schemas.id"), nullable=False),
    UniqueConstraint("subject", "schema_id"),
)


@dataclass(frozen=True)
class Stored:
    """A schema as one version of a subject; `text` is its JSON."""

    subject: str
    version: int
    id: int
    text: str


@contextmanager
def open_store(database: str) -> Iterator[Store]:
    """The store in the database at the SQLAlchemy URL `database`. Raises Fatal when it cannot be opened."""
    try:
        engine = create_engine(database)
    except (ArgumentError, NoSuchModuleError) as error:
        raise Fatal(f'database "{database}": {error}', hint="write sqlite:///path/to/registry.db") from error
    shown = engine.url.render_as_string(hide_password=True)
    try:
        _tables.create_all(engine)
    except OperationalError as error:
        raise Fatal(f'database "{shown}": {error.orig}', hint="check the folder, its rights and the disk") from error
    try:
        yield Store(engine)
    finally:
        engine.dispose()


class Store:
    """What is registered. Each call is one transaction, and safe from several threads and processes.

    Raises Retryable when the database does not answer.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def register(self, subject: str, text: str, canonical: str) -> Stored:
        """The version of `subject` with this schema, made if it is new; schemas of one canonical text share one id."""
        fingerprint = _fingerprint(canonical)
        for _ in range(_ATTEMPTS):
            try:
                with self._transaction() as connection:
                    return _register(connection, subject, text, fingerprint)
            except IntegrityError:
                # somebody else registered at the same moment: look again
                continue
        raise Retryable(f'subject "{subject}": too many registrations at once')

    def lookup(self, subject: str, canonical: str) -> Stored | None:
        with self._transaction() as connection:
            return _one(connection, _of(subject).where(_schemas.c.fingerprint == _fingerprint(canonical)))

    def text(self, id_: int) -> str | None:
        with self._transaction() as connection:
            return connection.scalar(select(_schemas.c.text).where(_schemas.c.id == id_))

    def subjects(self) -> list[str]:
        with self._transaction() as connection:
            return list(connection.scalars(select(_versions.c.subject).distinct().order_by(_versions.c.subject)))

    def versions(self, subject: str) -> list[int]:
        numbers = select(_versions.c.version).where(_versions.c.subject == subject).order_by(_versions.c.version)
        with self._transaction() as connection:
            return list(connection.scalars(numbers))

    def version(self, subject: str, number: int) -> Stored | None:
        with self._transaction() as connection:
            return _one(connection, _of(subject).where(_versions.c.version == number))

    def latest(self, subject: str) -> Stored | None:
        with self._transaction() as connection:
            return _one(connection, _of(subject).order_by(_versions.c.version.desc()).limit(1))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            raise Retryable(f"the registry's database does not answer: {error.orig}") from error


def _register(connection: Connection, subject: str, text: str, fingerprint: str) -> Stored:
    known = _one(connection, _of(subject).where(_schemas.c.fingerprint == fingerprint))
    if known is not None:
        return known
    id_ = connection.scalar(select(_schemas.c.id).where(_schemas.c.fingerprint == fingerprint))
    if id_ is None:
        insert = _schemas.insert().values(fingerprint=fingerprint, text=text).returning(_schemas.c.id)
        id_ = connection.scalars(insert).one()
    newest = connection.scalar(select(func.max(_versions.c.version)).where(_versions.c.subject == subject))
    version = (newest or 0) + 1
    connection.execute(_versions.insert().values(subject=subject, version=version, schema_id=id_))
    return Stored(subject, version, id_, text)


def _of(subject: str) -> Select[str, int, int, str]:
    columns = select(_versions.c.subject, _versions.c.version, _schemas.c.id, _schemas.c.text)
    return columns.join_from(_versions, _schemas).where(_versions.c.subject == subject)


def _one(connection: Connection, query: Select[str, int, int, str]) -> Stored | None:
    row = connection.execute(query).first()
    return None if row is None else Stored(row[0], row[1], row[2], row[3])


def _fingerprint(canonical: str) -> str:
    return hashlib.sha256(canonical.encode()).hexdigest()
