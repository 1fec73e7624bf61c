from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql

from schemas.errors import Fatal, Retryable
from sources import SqlQuery, sql_query
from tests import postgres
from tests.sources.cases import read_on

SEEN_AT = datetime(2025, 1, 1, tzinfo=UTC)


class Orders:
    """A table whose growing column has equal values, in a real database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = sql.create_engine(url)
        kind = "TIMESTAMPTZ" if "postgres" in url else "TIMESTAMP"
        self.run(f"CREATE TABLE orders (id BIGINT, seen_at {kind}, amount NUMERIC(9, 2), note TEXT)")

    def run(self, text: str, *given: dict[str, Any]) -> None:
        with self._engine.begin() as connection:
            connection.execute(sql.text(text), list(given) or None)

    def add(self, first: int, last: int, minute: int) -> None:
        """Orders of these numbers, all seen in the same instant."""
        at = SEEN_AT + timedelta(minutes=minute)
        rows = [{"id": number, "at": at, "amount": number / 4} for number in range(first, last)]
        self.run("INSERT INTO orders (id, seen_at, amount) VALUES (:id, :at, :amount)", *rows)

    def close(self) -> None:
        self.run("DROP TABLE orders")
        self._engine.dispose()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.started() as running:
        yield running.url


@pytest.fixture(params=["sqlite", "postgres"])
def orders(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Orders]:
    url = f"sqlite:///{tmp_path}/shop.db" if request.param == "sqlite" else request.getfixturevalue("server")
    orders = Orders(url)
    yield orders
    orders.close()


def ids(found: list[dict[str, Any]]) -> list[int]:
    return sorted(record["id"] for record in found)


def test_rows_of_one_value_at_the_edge_are_neither_skipped_nor_repeated(orders: Orders) -> None:
    size = sql_query.RECORDS_PER_BATCH
    orders.add(0, 10, minute=0)
    orders.add(10, 2 * size, minute=1)  # more than a batch has, over its edge
    query = SqlQuery(orders.url, "orders", growing="seen_at")
    found, at = read_on(query, {}, batches=1)
    more, at = read_on(query, at)
    assert ids(found + more) == list(range(2 * size))
    orders.add(2 * size, 2 * size + 3, minute=1)  # the same value, once again
    orders.add(2 * size + 3, 2 * size + 5, minute=2)
    more, at = read_on(query, at)
    assert ids(more) == list(range(2 * size, 2 * size + 5))
    assert read_on(query, at)[0] == []


def test_rows_that_are_equal_are_two(orders: Orders) -> None:
    query = SqlQuery(orders.url, "SELECT id, seen_at FROM orders", growing="seen_at")
    orders.add(1, 2, minute=0)
    found, at = read_on(query, {})
    orders.add(1, 2, minute=0)
    more, at = read_on(query, at)
    assert ids(found) == ids(more) == [1]
    assert read_on(query, at)[0] == []


def test_new_rows_are_asked_for_again_and_again(orders: Orders) -> None:
    orders.add(0, 2, minute=0)
    with SqlQuery(orders.url, "orders", growing="seen_at", every="30s").open({}) as reading:
        first, quiet = reading.read(), reading.read()
        orders.add(2, 3, minute=5)
        second = reading.read()
    assert first is not None
    assert quiet is not None
    assert second is not None
    assert (len(first.records), quiet.wait_s, quiet.caught_up, len(second.records)) == (2, 30.0, True, 1)


def test_a_growing_column_that_is_null_is_refused(orders: Orders) -> None:
    orders.add(0, 2, minute=0)
    orders.run("INSERT INTO orders (id) VALUES (7)")
    with pytest.raises(Fatal, match='a row has null in the growing column "seen_at"'):
        read_on(SqlQuery(orders.url, "orders", growing="seen_at"), {})
    found, _ = read_on(SqlQuery(orders.url, "SELECT * FROM orders WHERE seen_at IS NOT NULL", growing="seen_at"), {})
    assert ids(found) == [0, 1]


def test_a_query_may_have_colons_and_an_end(orders: Orders) -> None:
    orders.add(0, 2, minute=0)
    found, _ = read_on(SqlQuery(orders.url, "SELECT id, '12:30' AS \"at:\" FROM orders;", growing="id"), {})
    assert found == [{"id": 0, "at:": "12:30"}, {"id": 1, "at:": "12:30"}]


def test_too_many_rows_of_one_value_are_refused(orders: Orders) -> None:
    orders.add(0, sql_query.MOST_EQUAL + 1, minute=0)
    with pytest.raises(Fatal, match="more than 20,000 rows have the value"):
        read_on(SqlQuery(orders.url, "orders", growing="seen_at"), {})


@pytest.mark.parametrize(
    ("url", "query", "error", "said"),
    [
        ("sqlite:///{folder}/shop.db", "orders", Fatal, "no such table"),
        ("nothing://", "orders", Fatal, "not that of a database"),
        ("sqlite:///${NO_SUCH_FOLDER}/shop.db", "orders", Fatal, "'NO_SUCH_FOLDER' is not set"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/shop", "orders", Retryable, "refused"),
    ],
)
def test_a_database_that_cannot_be_read_is_named(
    tmp_path: Path, url: str, query: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        read_on(SqlQuery(url.replace("{folder}", str(tmp_path)), query), {})
    assert "secret" not in str(caught.value)


def test_asking_again_needs_a_column_that_grows() -> None:
    with pytest.raises(Fatal, match="cannot be asked again"):
        SqlQuery("sqlite://", "orders", every="1s")
