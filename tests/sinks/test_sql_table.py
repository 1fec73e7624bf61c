"""What holds for tables only: keys, refusals, tables of other people, a database that is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sql

from schemas.errors import Fatal, Retryable
from schemas.wire import features_schema
from sinks import SqlTable
from tests import postgres
from tests.postgres import Postgres

SCHEMA = features_schema(
    {
        "type": "record",
        "name": "Delay",
        "fields": [{"name": "origin", "type": ["null", "string"]}, {"name": "mean", "type": "double"}],
    }
)
BY_ORIGIN = ("origin",)

Make = Callable[..., SqlTable]


def delay(offset: int, event_time: int, origin: str | None, mean: float) -> dict[str, Any]:
    return {"partition": 0, "offset": offset, "event_time": event_time, "origin": origin, "mean": mean}


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes descriptions of one table that nothing else uses."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/results.db"
    else:
        database: Postgres = request.getfixturevalue("database")
        url = database.url
    name = f"delays_{uuid4().hex[:8]}"
    return lambda **options: SqlTable(url, name, **options)


@contextmanager
def connected(sink: SqlTable) -> Iterator[sql.Connection]:
    engine = sql.create_engine(sink.url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def means(sink: SqlTable) -> list[tuple[str | None, float]]:
    with connected(sink) as connection:
        rows = connection.exec_driver_sql(f"SELECT origin, mean FROM {sink.table} ORDER BY origin, mean").all()
    return [(row[0], row[1]) for row in rows]


def test_of_each_key_the_newest_stays_however_the_results_come(make: Make) -> None:
    results = [delay(offset, offset % 4, "EWR" if offset % 2 else "JFK", float(offset)) for offset in range(16)]
    newest = [("EWR", 15.0), ("JFK", 14.0)]  # of event time 3 and 2
    with make(key=BY_ORIGIN).open(SCHEMA) as writer:
        writer.write(results)
        assert means(make()) == newest
        for each in reversed(results):
            writer.write([each])
        assert means(make()) == newest
        writer.write([delay(16, 2, "EWR", 16.0), delay(0, 3, "JFK", 17.0)])
    assert means(make()) == [("EWR", 15.0), ("JFK", 17.0)]


def test_what_the_table_refuses_is_refused_alone(make: Make) -> None:
    with make(key=BY_ORIGIN).open(SCHEMA) as writer:
        refused = writer.write([delay(1, 1, "EWR", 1.0), delay(2, 1, None, 2.0), delay(3, 1, "JFK", 3.0)])
    assert {position: error.reason for position, error in refused.items()} == {1: "refused"}
    assert means(make()) == [("EWR", 1.0), ("JFK", 3.0)]


def test_a_constraint_of_the_table_refuses_too(make: Make) -> None:
    sink = make(key=BY_ORIGIN, create=False)
    with connected(sink) as connection:
        columns = '"partition" INTEGER, "offset" BIGINT, event_time TIMESTAMP WITH TIME ZONE, origin VARCHAR(3) UNIQUE'
        connection.exec_driver_sql(
            f"CREATE TABLE {sink.table} ({columns}, mean DOUBLE PRECISION CHECK (mean < 100), note TEXT)"
        )
    with sink.open(SCHEMA) as writer:
        refused = writer.write([delay(1, 1, "EWR", 1.0), delay(2, 1, "JFK", 200.0), delay(3, 1, "LGA", 99.0)])
        assert list(refused) == [1]
        assert "mean" in refused[1].message
        assert writer.write([delay(2, 1, "JFK", 20.0)]) == {}
    assert means(sink) == [("EWR", 1.0), ("JFK", 20.0), ("LGA", 99.0)]


def test_a_table_that_is_not_there_is_created_or_refused_with_what_it_should_be(make: Make) -> None:
    with pytest.raises(Fatal, match=r"is not there\nhint: create it:\nCREATE TABLE") as refused:
        make(create=False).open(SCHEMA)
    make().open(SCHEMA).close()
    make(create=False).open(SCHEMA).close()
    with connected(make()) as connection:
        connection.exec_driver_sql(f"DROP TABLE {make().table}")
        connection.exec_driver_sql(refused.value.hint.partition("\n")[2])
    make(create=False).open(SCHEMA).close()


def test_another_table_is_refused(make: Make) -> None:
    make().open(SCHEMA).close()
    with pytest.raises(Fatal, match="ON CONFLICT"):
        make(key=BY_ORIGIN).open(SCHEMA)
    more = {**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "carrier", "type": "string"}]}
    with pytest.raises(Fatal, match='has no column "carrier"'):
        make().open(more)


def test_a_key_that_is_no_field_is_refused(make: Make) -> None:
    with pytest.raises(Fatal, match='key column "carrier" is no field of the results'):
        make(key=("carrier",)).open(SCHEMA)


@pytest.mark.parametrize(
    "build",
    [
        lambda: SqlTable("results.db", "delays"),
        lambda: SqlTable("cassandra://db/delays", "delays"),
        lambda: SqlTable("mysql://db/delays", "delays"),
        lambda: SqlTable("sqlite://", ""),
        lambda: SqlTable("sqlite://", "delays", key=()),
        lambda: SqlTable("sqlite://", "delays", key="offset"),  # type: ignore[arg-type]
    ],
)
def test_what_makes_no_sense_is_refused_at_once(build: Callable[[], object]) -> None:
    with pytest.raises(Fatal):
        build()


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_no_password_is_told(driver: str) -> None:
    sink = SqlTable(f"{driver}://headrace:secret@127.0.0.1:1/weather", "delays")
    with pytest.raises(Retryable) as away:
        sink.open(SCHEMA)
    assert "secret" not in f"{sink!r} {sink.place} {away.value}"


def test_a_locked_database_is_waited_for(tmp_path: Path) -> None:
    sink = SqlTable(f"sqlite:///{tmp_path}/results.db?timeout=0.01", "delays")
    with sink.open(SCHEMA) as writer:
        with connected(sink) as other:
            other.exec_driver_sql("INSERT INTO delays VALUES (9, 9, '2013-01-01', 'LGA', 9.0)")
            with pytest.raises(Retryable, match="locked"):
                writer.write([delay(1, 1, "EWR", 1.0)])
        writer.write([delay(1, 1, "EWR", 1.0)])
    assert means(sink) == [("EWR", 1.0), ("LGA", 9.0)]


def test_a_database_that_goes_away_is_retryable_and_loses_nothing_when_it_is_back() -> None:
    with postgres.started() as server:
        sink = SqlTable(server.url, "delays")
        with sink.open(SCHEMA) as writer:
            writer.write([delay(1, 1, "EWR", 1.0)])
            server.stop()
            for _ in range(2):
                with pytest.raises(Retryable):
                    writer.write([delay(2, 1, "JFK", 2.0)])
            server.start()
            assert writer.write([delay(2, 1, "JFK", 2.0)]) == {}
        assert means(sink) == [("EWR", 1.0), ("JFK", 2.0)]
