from __future__ import annotations

import json
import statistics
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest

from schemas.avro import load_schema
from schemas.codec import Decoder, Encoder
from schemas.errors import Fatal
from schemas.fitting import Fitting
from sources import Clockwork, Generator, Trouble
from sources.feeder import Damaged
from sources.generator import GeneratorReading
from tests.sources.cases import read_on

COUNT = 5_000
SEEN = Clockwork("seen_at", first="2025-01-01T00:00:00+00:00", step="1s")
EVERYTHING: dict[str, Any] = {
    "type": "record",
    "name": "Everything",
    "fields": [
        {"name": "id", "type": {"type": "fixed", "name": "Id", "size": 5}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["a", "b"]}},
        {"name": "again", "type": "Kind"},
        {"name": "texts", "type": {"type": "array", "items": "string"}},
        {"name": "counts", "type": {"type": "map", "values": "int"}},
        {"name": "inner", "type": {"type": "record", "name": "Inner", "fields": [{"name": "x", "type": "float"}]}},
        {"name": "either", "type": ["null", "long", "string"]},
        {"name": "raw", "type": "bytes"},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "hour", "type": {"type": "int", "logicalType": "time-millis"}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "tag", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "nothing", "type": "null"},
        {"name": "yes", "type": "boolean"},
    ],
}


def made(trouble: Trouble, seed: int = 7) -> list[Any]:
    return read_on(Generator("phishing", SEEN, seed=seed, records=COUNT, trouble=trouble), {})[0]


def test_a_seed_says_it_all() -> None:
    trouble = Trouble("5s", duplicates=0.1, corrupt=0.1, drift=1.0, drift_from=10)
    assert made(trouble) == made(trouble) != made(trouble, seed=8)


def test_any_schema_is_filled(tmp_path: Path) -> None:
    file = tmp_path / "everything.avsc"
    file.write_text(json.dumps(EVERYTHING))
    encoder, decoder, fitting = Encoder(EVERYTHING, 1), Decoder(EVERYTHING, lambda _: EVERYTHING), Fitting(EVERYTHING)
    records, _ = read_on(Generator(str(file), records=500), {})
    decoded = [decoder.decode(encoder.encode(fitting.fit(record))) for record in records]
    assert len({json.dumps(record, default=str) for record in decoded}) == 500
    assert {type(record["either"]) for record in decoded} == {type(None), int, str}


def test_disorder_stays_within_its_bound_and_uses_it() -> None:
    times = [record["seen_at"] for record in made(Trouble(disorder="10s"))]
    behind = [latest - at for latest, at in zip(accumulate(times, max), times, strict=True)]
    assert timedelta(seconds=8) < max(behind) <= timedelta(seconds=10)
    assert sum(map(bool, behind)) > COUNT / 2
    in_order = [record["seen_at"] for record in made(Trouble())]
    assert in_order == [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=number) for number in range(COUNT)]


def test_duplicates_and_corrupt_records_have_their_share() -> None:
    records = made(Trouble(duplicates=0.1, corrupt=0.05))
    corrupt = [record for record in records if isinstance(record, Damaged)]
    assert len(corrupt) == pytest.approx(0.05 * COUNT, rel=0.2)
    plain = [record.record if isinstance(record, Damaged) else record for record in records]
    assert sum(one == other for one, other in pairwise(plain)) == pytest.approx(0.1 * COUNT, rel=0.2)
    assert not any(one == other for one, other in pairwise(made(Trouble())))


def test_drift_moves_numbers_from_its_record_on() -> None:
    values = [record["https"] for record in made(Trouble(drift=3.0, drift_from=2_500))]
    assert statistics.mean(values[:2_500]) == pytest.approx(0.0, abs=0.1)
    assert statistics.mean(values[2_500:]) == pytest.approx(3.0, abs=0.1)
    assert statistics.stdev(values[2_500:]) == pytest.approx(1.0, abs=0.1)


def test_a_rate_is_kept_on_the_whole() -> None:
    now_s = 0.0
    with GeneratorReading(Generator("phishing", records=COUNT, rate=1_000), {}, clock=lambda: now_s) as reading:
        while batch := reading.read():
            now_s += batch.wait_s
    assert now_s == pytest.approx(COUNT / 1_000)


def test_records_fit_the_schema_they_are_made_of() -> None:
    encoder = Encoder(load_schema("phishing"), 1)
    for record in made(Trouble())[:100]:
        encoder.encode(record)


def test_a_wrong_description_is_refused() -> None:
    with pytest.raises(Fatal, match="expected more than 0"):
        Generator("phishing", rate=0)
    with pytest.raises(Fatal, match="expected a share"):
        Trouble(corrupt=2)
    with pytest.raises(Fatal, match='schema "nothing": not found'):
        Generator("nothing").open({})
