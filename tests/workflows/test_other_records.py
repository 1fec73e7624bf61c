"""The records around the flights, against what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import Any

import pytest

from engine.cli.feed import DATA, dataset
from engine.feed import Feed
from schemas.avro import load_schema
from schemas.codec import Decoder, Encoder
from workflows.datasets import departures, landings, planes, weather


@pytest.mark.parametrize("name", DATA)
def test_records_are_of_their_schema(name: str) -> None:
    feed, records = dataset(name)
    assert isinstance(feed, Feed)
    schema = load_schema(feed.schema)
    encoder, decoder = Encoder(schema, 1), Decoder(schema, lambda _: schema)
    for record in islice(records, 500):
        assert decoder.decode(encoder.encode(record)) == record


@pytest.mark.parametrize(
    ("records", "event_time", "count"),
    [(departures, "departed_at", 336_776), (landings, "landed_at", 327_346), (weather, "observed_at", 26_115)],
)
def test_streams_are_whole_and_in_event_time_order(
    records: Callable[[], Iterator[dict[str, Any]]], event_time: str, count: int
) -> None:
    instants = [record[event_time] for record in records()]
    assert len(instants) == count
    assert all(earlier <= later for earlier, later in pairwise(instants))


def test_a_flight_lands_once_and_after_it_has_left() -> None:
    left = {record["flight_id"]: record for record in departures()}
    landed = [
        record["flight_id"] for record in landings() if record["landed_at"] > left[record["flight_id"]]["departed_at"]
    ]
    assert len(landed) == len(set(landed)) == 327_346
    assert not any(left[flight]["cancelled"] for flight in landed)


def test_some_aircraft_are_unknown() -> None:
    known = {plane["tailnum"] for plane in planes()}
    assert len(known) == 3_322
    assert sum(record["tailnum"] not in known for record in departures()) == 52_606
