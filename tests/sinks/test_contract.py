"""What holds for every sink of results that a worker writes to itself: tables, and the collector of tests."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sql

from schemas.wire import prediction_schema
from sinks import Collector, SqlTable
from tests.postgres import Postgres

SCHEMA = prediction_schema("string")
Row = dict[str, Any]
Sink = SqlTable | Collector
Make = Callable[..., Sink]


def result(offset: int, event_time: int = 0, **fields: Any) -> Row:
    """A result as a worker has it."""
    said = {"prediction": "UA", "probabilities": {"UA": 0.75, "AA": 0.25}, "epoch": 3, "count": offset}
    return {"partition": 1, "offset": offset, "event_time": event_time, **said, **fields}


@pytest.fixture(params=["sqlite", "postgresql", "collector"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes descriptions of one fresh place."""
    name = f"results_{uuid4().hex[:8]}"
    if request.param == "collector":
        return lambda **_: Collector(name=name)
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/results.db"
    else:
        database: Postgres = request.getfixturevalue("database")
        url = database.url
    return lambda **options: SqlTable(url, name, **options)


def held(sink: Sink) -> list[tuple[int, str]]:
    """The offsets and predictions that a sink holds, by offset."""
    if isinstance(sink, Collector):
        return sorted((row["offset"], row["prediction"]) for row in sink.rows())
    engine = sql.create_engine(sink.url)
    try:
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(f'SELECT "offset", prediction FROM {sink.table}').all()
    finally:
        engine.dispose()
    return sorted((row[0], row[1]) for row in rows)


def test_a_description_is_a_value(make: Make) -> None:
    assert pickle.loads(pickle.dumps(make())) == make()
    assert hash(pickle.loads(pickle.dumps(make()))) == hash(make())
    assert make().place


def test_it_opens_twice_and_both_may_write(make: Make) -> None:
    with make().open(SCHEMA) as first, make().open(SCHEMA) as second:
        assert first.write([result(1), result(2)]) == {}
        assert second.write([result(3)]) == {}
        assert first.write([result(4)]) == {}
    with make().open(SCHEMA) as third:
        third.write([result(5)])
    assert held(make()) == [(offset, "UA") for offset in (1, 2, 3, 4, 5)]


def test_nothing_to_write_is_nothing(make: Make) -> None:
    with make().open(SCHEMA) as writer:
        assert writer.write([]) == {}
    assert held(make()) == []


@pytest.mark.parametrize("crash_after", [0, 1, 3, 7])
def test_a_replay_in_other_frames_changes_nothing(make: Make, crash_after: int) -> None:
    results = [result(offset, event_time=offset % 3) for offset in range(12)]
    crashed = make().open(SCHEMA)
    for start in range(0, crash_after * 2, 2):
        crashed.write(results[start : start + 2])
    with make().open(SCHEMA) as writer:  # the crashed one is not closed before
        for start in range(0, 12, 5):
            writer.write(results[start : start + 5])
    crashed.close()
    assert held(make()) == [(offset, "UA") for offset in range(12)]


def test_a_result_that_is_made_again_replaces_itself(make: Make) -> None:
    with make().open(SCHEMA) as writer:
        writer.write([result(1), result(1, prediction="AA")])
        writer.write([result(2), result(1, prediction="B6")])
    assert held(make()) == [(1, "B6"), (2, "UA")]


def test_what_it_holds_is_what_was_made(make: Make) -> None:
    given = result(7, 1_357_034_100_123, prediction=None, probabilities={"UA": 1e-300, "Ünïcode": 1.0}, count=1 << 62)
    with make().open(SCHEMA) as writer:
        writer.write([given])
    sink = make()
    if isinstance(sink, Collector):
        assert sink.rows() == [given]
        return
    engine = sql.create_engine(sink.url)
    with engine.connect() as connection:
        [row] = connection.execute(
            sql.select(sql.Table(sink.table, sql.MetaData(), autoload_with=connection))
        ).mappings()
    engine.dispose()
    assert row["event_time"].timestamp() == pytest.approx(1_357_034_100.123, abs=1e-6)
    assert (row["prediction"], row["probabilities"], row["count"]) == (None, given["probabilities"], given["count"])


def test_records_of_several_topics_share_no_row(make: Make) -> None:
    schema = prediction_schema("string", by_topic=True)
    with make().open(schema) as writer:
        for _ in range(2):
            assert writer.write([result(1, topic="winter"), result(1, topic="summer"), result(2, topic="summer")]) == {}
    assert [offset for offset, _ in held(make())] == [1, 1, 2]
