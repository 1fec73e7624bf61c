"""Every sink of results, in one job whose TaskManager is killed: each result is there once, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql
from river import compose, linear_model

from engine.local.platform import Platform
from engine.workflow import ResultSink, Workflow
from schemas.errors import Fatal
from sinks import Collector, Console, Folder, SqlTable, Topic
from sources import KafkaTopic
from tests.engine.jobs.killing import BURST, kill_several_times
from tests.engine.jobs.reading_files import rows_in, visible
from tests.engine.jobs.readings import PARTITIONS, STATIONS, Coordinates, Feed, feed
from tests.engine.jobs.trial import LIVE, Trial, begin, classifier, fresh_name
from tests.postgres import Postgres

pytestmark = pytest.mark.services
NEVER = "1d"  # a partition that is passed over on a slow machine would make another order
REFUSED = STATIONS[-1]  # no sink of features holds the readings of this station
FEATURES = {
    "type": "record",
    "name": "Weather",
    "fields": [
        {"name": "station", "type": {"type": "enum", "name": "Station", "symbols": list(STATIONS[:-1])}},
        {"name": "warmth", "type": "double"},
    ],
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Site:
    """Where a sink on trial may write: a folder, a name that nothing else has, a database."""

    folder: Path
    name: str
    database: str


@dataclass(frozen=True)
class Place:
    """A sink on trial: its description, given a site and the schema of its features, and how to read all it holds."""

    sink: Callable[[Site, str | None], ResultSink]
    read: Callable[[Trial, str, Any], list[Row]]


def _read_topic(trial: Trial, name: str, _: ResultSink) -> list[Row]:
    return trial.committed(trial.topics[name])


def _read_folder(_trial: Trial, _name: str, sink: Folder) -> list[Row]:
    return rows_in(sink)


def _read_table(_trial: Trial, _name: str, sink: SqlTable) -> list[Row]:
    engine = sql.create_engine(sink.url)
    with engine.connect() as connection:
        table = sql.Table(sink.table, sql.MetaData(), autoload_with=connection)
        rows = [dict(row) for row in connection.execute(sql.select(table)).mappings()]
    engine.dispose()
    for row in rows:  # SQLite's instants have no zone
        row["event_time"] = row["event_time"].replace(tzinfo=row["event_time"].tzinfo or UTC)
    return rows


PLACES = {
    "topic": Place(lambda site, schema: Topic(f"{site.name}.results", schema), _read_topic),
    "console": Place(lambda _, schema: Console(schema=schema), _read_topic),
    "avro": Place(lambda site, schema: Folder(str(site.folder / site.name / "avro"), "avro", schema), _read_folder),
    "parquet": Place(
        lambda site, schema: Folder(str(site.folder / site.name / "parquet"), "parquet", schema), _read_folder
    ),
    "sqlite": Place(
        lambda site, schema: SqlTable(f"sqlite:///{site.folder}/{site.name}.db", "results", schema=schema), _read_table
    ),
    "postgresql": Place(lambda site, schema: SqlTable(site.database, site.name, schema=schema), _read_table),
}


@dataclass(frozen=True)
class Run:
    """A workflow that has run to its end, its sinks, and the readings that it took in."""

    trial: Trial
    sinks: dict[str, ResultSink]
    readings: list[Row]

    def held(self, name: str) -> dict[Coordinates, Row]:
        """What a sink holds, by the coordinates of the record, none of which may be there twice."""
        rows = PLACES[name.split("_")[1]].read(self.trial, name, self.sinks[name])
        found = {(row["partition"], row["offset"]): row for row in rows}
        assert len(found) == len(rows)
        for row in rows:
            row.pop("epoch", None)  # tells restarts apart: what was not committed may have been made before
        return found


@pytest.fixture(scope="module")
def run(platform: Platform, database: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Features and predictions of the same records to every kind of sink, through three kills."""
    folder, name = tmp_path_factory.mktemp("sinks"), fresh_name()
    schema = folder / "weather.avsc"
    schema.write_text(json.dumps(FEATURES))
    kinds = {"features": str(schema), "predictions": None}
    sinks = {
        f"{kind}_{place}": PLACES[place].sink(Site(folder, f"{name}_{kind}", database.url), declared)
        for place in PLACES
        for kind, declared in kinds.items()
    }
    with feed(platform) as stream:
        stream.write(BURST)
        trial = begin(platform, _workflow(name, stream, sinks), replace(LIVE, parallelism=2, checkpoint_every="2 s"))
        kill_several_times(platform, [trial], stream)
        trial.stop(drain=True)
        yield Run(trial, sinks, stream.written)


def _workflow(name: str, stream: Feed, sinks: dict[str, ResultSink]) -> Workflow:
    flow = Workflow(name, order="event_time", max_dead="50%")
    readings = flow.source("readings", stream.source(NEVER))
    weather = flow.pipeline("weather", readings, compose.Select("station", "warmth", "wind"))
    model = flow.pipeline("model", weather, classifier(), label="rain")
    for each, sink in sinks.items():
        flow.sink(each, weather if each.startswith("features") else model, sink)
    return flow


@pytest.mark.parametrize("name", PLACES)
def test_each_prediction_is_there_once(run: Run, name: str) -> None:
    held = run.held(f"predictions_{name}")
    assert sorted(held) == sorted(_coordinates(run.readings))
    assert held == run.held("predictions_topic")


@pytest.mark.parametrize("name", PLACES)
def test_the_features_that_fit_are_there_once(run: Run, name: str) -> None:
    expected = {
        at: (reading["station"], reading["warmth"])
        for at, reading in _coordinates(run.readings).items()
        if reading["station"] != REFUSED
    }
    held = run.held(f"features_{name}")
    assert {at: (row["station"], row["warmth"]) for at, row in held.items()} == expected


@pytest.mark.parametrize("name", PLACES)
def test_those_that_do_not_are_dead_letters_of_the_sink_and_are_learned(run: Run, name: str) -> None:
    letters = [
        letter for letter in run.trial.committed(f"{run.trial.name}.dead") if letter["node"] == f"features_{name}"
    ]
    refused = [at for at, reading in _coordinates(run.readings).items() if reading["station"] == REFUSED]
    assert sorted((letter["partition"], letter["offset"]) for letter in letters) == sorted(refused)
    assert {letter["reason"] for letter in letters} == {"refused"}


@pytest.mark.parametrize("name", ["features_avro", "predictions_avro", "features_parquet", "predictions_parquet"])
def test_what_the_kills_left_behind_is_hidden(run: Run, name: str) -> None:
    sink = run.sinks[name]
    assert isinstance(sink, Folder)
    assert any(file.name.startswith(".") for file in Path(sink.path).iterdir())
    assert {file.suffix for file in visible(Path(sink.path))} == {f".{sink.format}"}


def test_a_collector_is_refused_where_nobody_could_read_it(platform: Platform) -> None:
    flow = Workflow(fresh_name())
    pages = flow.source("pages", KafkaTopic("pages", schema="phishing"))
    learner = compose.Select("popup_window") | linear_model.LogisticRegression()
    flow.sink("collected", flow.pipeline("model", pages, learner, label="is_phishing"), Collector())
    with pytest.raises(Fatal, match='sink "collected": would collect in the memory of a worker'):
        begin(platform, flow, LIVE)


def _coordinates(readings: list[Row]) -> dict[Coordinates, Row]:
    return {(number % PARTITIONS, number // PARTITIONS): reading for number, reading in enumerate(readings)}
