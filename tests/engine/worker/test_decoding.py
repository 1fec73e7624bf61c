from __future__ import annotations

from typing import Any

import pytest
from river import linear_model

from engine.planner import make_plan
from engine.worker.decoding import FrameDecoder
from engine.workflow import Workflow
from models.outcome import Batch
from schemas.codec import Decoder, Encoder
from schemas.errors import BadRecord
from schemas.fields import INSTANT
from schemas.frames import Record, Status, pack
from schemas.table import Table
from sources import KafkaTopic

SCHEMA = {
    "type": "record",
    "name": "Reading",
    "fields": [{"name": "at", "type": INSTANT}, {"name": "station", "type": "string"}, {"name": "y", "type": "double"}],
}
OTHER = {**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "more", "type": "string"}]}
GOOD = Encoder(SCHEMA, 7).encode({"at": 0, "station": "JFK", "y": 1.5})
NEWER = Encoder(OTHER, 8).encode({"at": 0, "station": "EWR", "y": 2.5, "more": "x"})


def decoded(*records: Record) -> Batch:
    flow = Workflow("demo")
    source = flow.source("readings", KafkaTopic("readings", event_time="at"))
    flow.pipeline("model", source, linear_model.LinearRegression(), label="y")
    plan = make_plan(flow, lambda _: SCHEMA)
    [part] = plan.parts
    decoder = Decoder(part.reader, {7: SCHEMA, 8: OTHER}.__getitem__)
    return FrameDecoder(plan.streams, part.feed, decoder).decode(pack(records))


def told(batch: Batch) -> list[Any]:
    return [record.reason if isinstance(record, BadRecord) else record["station"] for record in batch.records]


def test_a_frame_is_a_table_around_the_records_that_cannot_be_read() -> None:
    late = Record(GOOD, status=Status.LATE)
    batch = decoded(Record(GOOD), late, Record(GOOD[:-1]), Record(None, status=Status.NULL_VALUE), Record(GOOD))
    assert isinstance(batch.records, Table)
    assert told(batch) == ["JFK", "late", "corrupt", "null_value", "JFK"]
    assert {position: error.reason for position, error in batch.errors.items()} == {
        1: "late",
        2: "corrupt",
        3: "null_value",
    }
    assert batch.slice(1, 3).errors == {0: batch.errors[1], 1: batch.errors[2]}


def test_a_frame_of_several_schemas_is_read_record_by_record() -> None:
    batch = decoded(Record(GOOD), Record(NEWER), Record(b"", status=Status.NO_MAGIC))
    assert not isinstance(batch.records, Table)
    assert told(batch) == ["JFK", "EWR", "no_magic"]


@pytest.mark.parametrize("records", [[], [Record(GOOD, status=Status.LATE)]])
def test_a_frame_without_a_record_is_none(records: list[Record]) -> None:
    assert told(decoded(*records)) == ["late"] * len(records)


def test_a_frame_of_a_newer_schema_is_a_table_of_what_the_workflow_reads() -> None:
    batch = decoded(Record(NEWER), Record(NEWER))
    assert isinstance(batch.records, Table)
    assert list(batch.records.columns) == ["at", "station", "y"]
