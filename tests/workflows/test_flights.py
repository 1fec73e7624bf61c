"""The flagship on real records, with the traps that they have, against plain loops over lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from engine.feed import Feed, Producer
from engine.flink.configuration import JobSettings
from engine.flink.rest import FlinkRest
from engine.jobs.ledger import read_ledgers
from engine.local.platform import Platform
from sinks import FeatureKey, FeatureReader
from tests.engine.jobs.learned_rows import in_order
from tests.engine.jobs.trial import Trial, finish
from tests.workflows.plain_flights import TOLERANCE, plain_examples, plain_predictions
from workflows import datasets
from workflows.flights import flow

pytestmark = pytest.mark.services
FLIGHTS = 4_000
Record = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """A run over the last flights of the year, whose last day has no weather, and the records that it read."""

    trial: Trial
    departures: list[Record]
    landings: list[Record]
    weather: list[Record]
    planes: list[Record]

    @property
    def examples(self) -> list[Record]:
        return plain_examples(self.departures, self.landings, self.weather, self.planes)


@pytest.fixture(scope="module")
def ran(platform: Platform) -> Ran:
    departures = list(datasets.departures())[-FLIGHTS:]
    left = {flight["flight_id"] for flight in departures}
    landings = [landing for landing in datasets.landings() if landing["flight_id"] in left]
    first = departures[0]["departed_at"] - TOLERANCE
    weather = [hour for hour in datasets.weather() if first <= hour["observed_at"]]
    planes = list(datasets.planes())
    feed(platform, datasets.DEPARTURES_FEED, departures)
    feed(platform, datasets.LANDINGS_FEED, landings)
    feed(platform, datasets.WEATHER_FEED, weather)
    feed(platform, datasets.PLANES_FEED, planes)
    return Ran(finish(platform, flow, JobSettings(bounded=True)), departures, landings, weather, planes)


def feed(platform: Platform, target: Feed, records: Iterable[Record]) -> None:
    with Producer(target, platform.addresses.kafka, platform.addresses.registry) as producer:
        producer.send(records)


def test_every_prediction_is_that_of_a_plain_loop(ran: Ran) -> None:
    ordered = in_order(ran.trial, "examples", ran.examples, "decided_at")
    said = {record["offset"]: record["probability"] for record in ran.trial.committed("flight_predictions")}
    assert said.keys() == {offset for offset, _ in ordered}
    plain = plain_predictions(example for _, example in ordered)
    assert [said[offset] for offset, _ in ordered] == [probabilities[True] for probabilities in plain]


def test_the_ledger_explains_each_flight(ran: Ran) -> None:
    """Cancelled and diverted flights never land."""
    with FlinkRest(ran.trial.platform.addresses.flink) as flink:
        ledger = read_ledgers("flights", flink)["examples"]
    absent = FLIGHTS - len(ran.landings)
    assert ledger.adds_up
    assert absent > sum(flight["cancelled"] for flight in ran.departures) > 0
    assert (ledger.records, ledger.records_matched, ledger.records_absent) == (FLIGHTS, len(ran.landings), absent)
    assert (ledger.labels, ledger.labels_matched) == (len(ran.landings), len(ran.landings))


def test_the_traps_of_the_data_are_there_and_nothing_is_refused(ran: Ran) -> None:
    known = {plane["tailnum"] for plane in ran.planes}
    assert any(flight["tailnum"] is None for flight in ran.departures)
    assert any(flight["tailnum"] not in known for flight in ran.departures if flight["tailnum"])
    winds = [example["wind_speed"] for example in ran.examples]
    assert 0 < winds.count(None) < len(winds)
    assert ran.trial.committed("flights.dead") == []


def test_the_newest_delays_are_in_redis(ran: Ran) -> None:
    newest = {example["origin"]: example for example in _with_recent(ran)}
    with FeatureReader(ran.trial.platform.addresses.redis) as reader:
        rows = reader.read("flights", [FeatureKey("origin", origin, "origins") for origin in sorted(newest)])
    for origin, row in zip(sorted(newest), rows, strict=True):
        assert row is not None
        expected = {name: newest[origin][name] for name in ("departures_1h", "origin_delay_1h")}
        assert row.features == expected


def _with_recent(ran: Ran) -> list[Record]:
    """All flights as if each had landed."""
    landed = [{"flight_id": f["flight_id"], "late": False, "landed_at": f["departed_at"]} for f in ran.departures]
    return plain_examples(ran.departures, landed, [], [])


def test_the_board_shows_each_departure_with_weather_from_before_it(ran: Ran) -> None:
    shown = ran.trial.committed("gate_board")
    assert sorted(record["flight_id"] for record in shown) == sorted(f["flight_id"] for f in ran.departures)
    weather = {(hour["origin"], hour["observed_at"]) for hour in ran.weather}
    matched = [record for record in shown if record["observed_at"] is not None]
    assert matched
    assert all((record["origin"], record["observed_at"]) in weather for record in matched)
    assert all(record["observed_at"] <= record["departed_at"] for record in matched)
