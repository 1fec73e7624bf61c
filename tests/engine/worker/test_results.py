"""What every sink of results has of a worker: results that fit, and dead letters for those that do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql
from river import compose, linear_model

from engine.plan import DEAD_LETTERS, Plan
from engine.planner import make_plan
from engine.worker.encoding import MAX_RESULT_BYTES, ResultEncoding
from engine.worker.metrics import WorkerMetrics
from engine.worker.spec import WorkerSpec
from engine.worker.worker import Worker
from engine.workflow import ResultSink, Workflow
from models.outcome import Outcome
from models.recovery import MemoryState
from schemas.codec import Decoder, Encoder
from schemas.errors import Fatal
from schemas.frames import OutputRecord, Record, pack, unpack_output
from schemas.wire import dead_letter_schema
from sinks import Collector, Console, Folder, SqlTable, Topic
from sources import KafkaTopic
from tests import postgres

READINGS: dict[str, Any] = {
    "type": "record",
    "name": "Reading",
    "fields": [
        {"name": "station", "type": "string"},
        {"name": "warmth", "type": "double"},
        {"name": "rain", "type": "boolean"},
    ],
}
STATIONS = {"type": "enum", "name": "Station", "symbols": ["ayr", "brig"]}
FEATURES = {
    "type": "record",
    "name": "Weather",
    "fields": [{"name": "station", "type": STATIONS}, READINGS["fields"][1]],
}
WARMTH_UNKNOWN = {"name": "warmth", "type": ["null", "double"]}
AT = {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}
STAMPED: dict[str, Any] = {**READINGS, "fields": [READINGS["fields"][0], WARMTH_UNKNOWN, READINGS["fields"][2], AT]}
NOTES = {"name": "notes", "type": {"type": "array", "items": "string"}}  # columns are not made of it
NOTED: dict[str, Any] = {**STAMPED, "fields": [*STAMPED["fields"], NOTES]}
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ENCODER = Encoder(READINGS, 1)

Make = Callable[[Path, str | None], ResultSink]
SINKS: dict[str, Make] = {
    "topic": lambda folder, schema: Topic(f"{folder.name}.results", schema),
    "console": lambda folder, schema: Console(schema=schema),
    "avro": lambda folder, schema: Folder(str(folder), "avro", schema),
    "parquet": lambda folder, schema: Folder(str(folder), "parquet", schema),
    "table": lambda folder, schema: SqlTable(f"sqlite:///{folder}/results.db", "results", schema=schema),
    "collector": lambda folder, schema: Collector(schema, str(folder)),
}


class Bench:
    """A worker whose features go to the sink `fed`, and which learns from all of them."""

    def __init__(self, made: Plan, schema: dict[str, Any] = READINGS) -> None:
        self.plan = made
        self._encoder = Encoder(schema, 1)
        ids = tuple(range(len(made.topics)))
        [part] = made.parts
        self.metrics = WorkerMetrics(made.workflow, part.name)
        self._worker = Worker(
            WorkerSpec(made, 1, {part.name: {1: schema}}, ids, "http://127.0.0.1:1", "redis://127.0.0.1:1", ""),
            part,
            MemoryState(),
            self.metrics,
        )

    def process(self, readings: list[dict[str, Any]], start: int = 0) -> list[OutputRecord]:
        records = [
            Record(self._encoder.encode(reading), b"k", offset=start + at) for at, reading in enumerate(readings)
        ]
        return unpack_output(self._worker.process(0, pack(records).encode()).encode())

    def held(self, outputs: list[OutputRecord]) -> list[tuple[int, str]]:
        """The offsets and stations that the sink has got."""
        [fed] = [sink for sink in self.plan.sinks.results if sink.name == "fed"]
        if isinstance(fed.sink, Collector):
            return [(row["offset"], row["station"]) for row in fed.sink.rows()]
        if isinstance(fed.sink, SqlTable):
            return _in_table(fed.sink)
        return [(row["offset"], row["station"]) for row in self.rows(outputs)]

    def rows(self, outputs: list[OutputRecord]) -> list[dict[str, Any]]:
        """What goes to the sink, if the JVM writes it."""
        decoder = Decoder(schema := self.plan.results["fed"], lambda _: schema)
        return [decoder.decode(out.value) for out in outputs if out.destination != DEAD_LETTERS]


def _in_table(sink: SqlTable) -> list[tuple[int, str]]:
    engine = sql.create_engine(sink.url)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f'SELECT "offset", station FROM {sink.table} ORDER BY "offset"').all()
    engine.dispose()
    return [(row[0], row[1]) for row in rows]


def letters(outputs: list[OutputRecord]) -> list[dict[str, Any]]:
    decoder = Decoder(dead_letter_schema(), lambda _: dead_letter_schema())
    return [decoder.decode(record.value) for record in outputs if record.destination == DEAD_LETTERS]


def reading(station: str, warmth: float = 1.0) -> dict[str, Any]:
    return {"station": station, "warmth": warmth, "rain": warmth > 2}


def plan(sink: Make, folder: Path, max_dead: str = "100%") -> Plan:
    schema = folder / "features.avsc"
    schema.write_text(json.dumps(FEATURES))
    flow = Workflow("weather", max_dead=max_dead)
    features = flow.pipeline(
        "features", flow.source("readings", KafkaTopic("readings")), compose.Select("station", "warmth")
    )
    flow.sink("fed", features, sink(folder, str(schema)))
    model = flow.pipeline("model", features, compose.Select("warmth") | linear_model.LogisticRegression(), label="rain")
    flow.sink("learned", model, Collector(name=f"{folder} learned"))
    return make_plan(flow, lambda _: READINGS)


def learned(folder: Path) -> list[int]:
    """How many records the model had learned when it predicted each."""
    return [row["count"] for row in Collector(name=f"{folder} learned").rows()]


@pytest.mark.parametrize("kind", SINKS)
def test_a_result_that_does_not_fit_is_a_dead_letter_and_its_record_is_learned(kind: str, tmp_path: Path) -> None:
    bench = Bench(plan(SINKS[kind], tmp_path))
    outputs = bench.process([reading("ayr"), reading("como"), reading("brig", 3.0)])
    assert bench.held(outputs) == [(0, "ayr"), (2, "brig")]
    [letter] = letters(outputs)
    assert (letter["node"], letter["reason"], letter["offset"], letter["key"]) == ("fed", "refused", 1, b"k")
    assert letter["value"] == ENCODER.encode(reading("como"))
    assert learned(tmp_path) == [0, 1, 2]


@pytest.mark.parametrize("kind", SINKS)
def test_a_sink_that_refuses_its_first_hundred_stops_the_job(kind: str, tmp_path: Path) -> None:
    bench = Bench(plan(SINKS[kind], tmp_path))
    bench.process([reading("como")] * 99)
    with pytest.raises(Fatal, match='sink "fed": refuses all of its first 100 results'):
        bench.process([reading("como")], start=99)


@pytest.mark.parametrize("kind", SINKS)
def test_a_sink_that_refuses_too_large_a_share_stops_the_job(kind: str, tmp_path: Path) -> None:
    bench = Bench(plan(SINKS[kind], tmp_path, max_dead="1%"))
    bench.process([reading("como")] * 10 + [reading("ayr")] * 990)
    with pytest.raises(Fatal, match='sink "fed": refuses 11 of 1001 results'):
        bench.process([reading("como")], start=1000)


def test_a_database_that_is_away_is_waited_for_in_place(tmp_path: Path) -> None:
    with postgres.started() as server:
        bench = Bench(plan(lambda _, schema: SqlTable(server.url, "results", schema=schema), tmp_path))
        bench.process([reading("ayr")])
        with server.coming_back():
            bench.process([reading("brig")], start=1)
        assert bench.held([]) == [(0, "ayr"), (1, "brig")]
    waited = {"workflow": "weather", "stream": "readings", "service": "database"}
    assert bench.metrics.registry.get_sample_value("headrace_waits_total", waited)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("no JSON", 'sink "fed": schema'),
        ('"string"', "expected a record"),
        ('{"type": "enum", "name": "e", "symbols": ["a"]}', "expected a record"),
        ('{"type": "record", "name": "r", "fields": [{"name": "a", "type": "text"}]}', "text"),
        ('{"type": "record", "name": "r", "fields": [{"name": "offset", "type": "long"}]}', 'field "offset"'),
    ],
)
def test_a_schema_that_is_none_is_refused(tmp_path: Path, schema: str, message: str) -> None:
    (tmp_path / "features.avsc").write_text(schema)
    flow = Workflow("weather")
    features = flow.pipeline("features", flow.source("readings", KafkaTopic("readings")), compose.Select("warmth"))
    flow.sink("fed", features, Topic("fed", str(tmp_path / "features.avsc")))
    with pytest.raises(Fatal, match=message):
        make_plan(flow, lambda _: READINGS)


def planned(sink: ResultSink, transformer: Any) -> Plan:
    flow = Workflow("weather")
    features = flow.pipeline("features", flow.source("readings", KafkaTopic("readings")), transformer)
    flow.sink("fed", features, sink)
    return make_plan(flow, lambda _: READINGS)


@pytest.mark.parametrize("kind", SINKS)
def test_a_sink_that_names_no_schema_takes_all_features_as_they_are_known(kind: str, tmp_path: Path) -> None:
    made = planned(SINKS[kind](tmp_path, None), compose.Select("station", "warmth") | compose.Renamer({"warmth": "t"}))
    fields = {field["name"]: field["type"] for field in made.results["fed"]["fields"]}
    assert list(fields.items())[3:] == [("station", "string"), ("t", "double")]


def on_the_stream(kind: str, folder: Path, schema: dict[str, Any]) -> Bench:
    """A worker whose records go to the sink `fed` as they came, beside a model that takes no null."""
    flow = Workflow("weather", max_dead="100%")
    readings = flow.source("readings", KafkaTopic("readings"))
    flow.sink("fed", readings, SINKS[kind](folder, None))
    model = compose.Select("warmth") | linear_model.LogisticRegression()
    flow.sink("said", flow.pipeline("model", readings, model, label="rain"), Collector(name=f"{folder} said"))
    return Bench(make_plan(flow, lambda _: schema), schema)


@pytest.mark.parametrize("kind", SINKS)
def test_a_sink_on_the_stream_takes_the_records_that_no_stage_refuses(kind: str, tmp_path: Path) -> None:
    bench = on_the_stream(kind, tmp_path, STAMPED)
    readings = [{**reading(station), "at": NOON} for station in ("ayr", "brig", "como")]
    outputs = bench.process([readings[0], {**readings[1], "warmth": None}, readings[2]])
    assert bench.held(outputs) == [(0, "ayr"), (2, "como")]
    assert [(letter["node"], letter["offset"]) for letter in letters(outputs)] == [("model", 1)]
    assert bench.held(bench.process(readings, start=3))[-3:] == [(3, "ayr"), (4, "brig"), (5, "como")]


@pytest.mark.parametrize("schema", [STAMPED, NOTED], ids=["columns", "one by one"])
def test_records_of_the_stream_come_out_whole(schema: dict[str, Any], tmp_path: Path) -> None:
    bench = on_the_stream("topic", tmp_path, schema)
    fields = [field["name"] for field in schema["fields"]]
    came = [{**reading("ayr"), "at": NOON + timedelta(milliseconds=each), "notes": ["dry"]} for each in range(3)]
    records = [{name: record[name] for name in fields} for record in came]
    assert [{name: row[name] for name in fields} for row in bench.rows(bench.process(records))] == records


@pytest.mark.parametrize("kind", SINKS)
def test_features_that_nobody_can_know_need_a_schema(kind: str, tmp_path: Path) -> None:
    with pytest.raises(Fatal, match='sink "fed": record "features": its fields are unknown before it runs'):
        planned(SINKS[kind](tmp_path, None), compose.FuncTransformer(len))


def test_a_result_that_is_larger_than_a_topic_takes_is_refused_alone(tmp_path: Path) -> None:
    (tmp_path / "note.avsc").write_text(json.dumps({**FEATURES, "fields": [{"name": "note", "type": "string"}]}))
    flow = Workflow("weather")
    features = flow.pipeline("features", flow.source("readings", KafkaTopic("readings")), compose.Select("warmth"))
    flow.sink("fed", features, Topic("notes", str(tmp_path / "note.avsc")))
    made = make_plan(flow, lambda _: READINGS)
    encoding = ResultEncoding(made, made.parts[0], (1, 2), {})
    notes = ["short", "x" * (MAX_RESULT_BYTES - 64), "x" * MAX_RESULT_BYTES]
    outcome = Outcome({"features": [{"note": note} for note in notes]}, [None] * 3)
    encoded = encoding.encode(pack([Record(b"") for _ in notes]), outcome, epoch=1)["fed"]
    assert [row["note"] for row in encoded.results.rows()] == notes[:2]
    assert [(position, error.reason) for position, error in encoded.refused.items()] == [(2, "refused")]
    assert encoded.sizes.sum() == len(encoded.values)
