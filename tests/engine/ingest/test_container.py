from __future__ import annotations

from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingest.container import Container
from engine.ingest.problem import Refused
from tests.schemas.oracle import damaged

SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "r",
    "fields": [{"name": "a", "type": "string"}, {"name": "b", "type": ["null", "long"]}],
}
ROOM = 1 << 20
RECORDS = st.lists(st.fixed_dictionaries({"a": st.text(max_size=5), "b": st.none() | st.integers(-9, 9)}), max_size=30)
CODECS = st.sampled_from(["null", "deflate"])


def written(records: list[dict[str, Any]], codec: str, block_bytes: int = 16_000) -> bytes:
    file = BytesIO()
    fastavro.writer(file, SCHEMA, records, codec=codec, sync_interval=block_bytes)
    return file.getvalue()


def read(file: bytes, most: int = 1_000, most_bytes: int = ROOM) -> list[Any]:
    container = Container(file)
    assert fastavro.parse_schema(container.schema) == fastavro.parse_schema(SCHEMA)
    return [fastavro.schemaless_reader(BytesIO(one), SCHEMA, None) for one in container.records(most, most_bytes)]


@given(RECORDS, CODECS, st.integers(1, 100))
def test_records_are_those_that_fastavro_wrote(records: list[dict[str, Any]], codec: str, block_bytes: int) -> None:
    assert read(written(records, codec, block_bytes)) == records


def reason(file: bytes) -> str | None:
    """Why a file is refused, None where it is not."""
    try:
        list(Container(file).records(1_000, ROOM))
    except Refused as error:
        return error.reason
    return None


@given(st.data(), RECORDS, CODECS)
def test_a_damaged_file_is_refused_or_read_as_records(
    data: st.DataObject, records: list[dict[str, Any]], codec: str
) -> None:
    file = data.draw(damaged(written(records, codec, 50)))
    assert reason(file) in (None, "bad_request", "media_type", "too_large")


@given(RECORDS.filter(bool), CODECS, st.data())
def test_a_file_that_is_cut_is_refused(records: list[dict[str, Any]], codec: str, data: st.DataObject) -> None:
    file, header = written(records, codec), len(written([], codec))
    cut = data.draw(st.integers(0, len(file) - 1).filter(lambda size: size != header))  # there it is an empty file
    assert reason(file[:cut]) == "bad_request"


def test_a_block_of_nothing_counts_what_it_claims() -> None:
    file = BytesIO()
    fastavro.writer(file, {"type": "record", "name": "r", "fields": []}, [{}] * 20)
    assert len(list(Container(file.getvalue()).records(20, ROOM))) == 20
    with pytest.raises(Refused, match="too many records"):
        list(Container(file.getvalue()).records(19, ROOM))


def test_unpacked_it_may_not_be_larger_than_there_is_room() -> None:
    records = [{"a": "x" * 1_000, "b": None}] * 100
    file = written(records, "deflate", 10_000)
    assert len(file) < 10_000
    assert len(read(file, most_bytes=110_000)) == 100
    with pytest.raises(Refused, match="too large when unpacked"):
        read(file, most_bytes=90_000)
