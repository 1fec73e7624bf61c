"""All flights of a year through the workflow that ships, with its joins, from what is in Kafka already."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from benchmarks import figures
from benchmarks.figures import Row, Tell
from benchmarks.headrace_job import PARTITIONS, finished, last_rise, submit
from benchmarks.peer import Stream
from engine.feed import Feed, Producer
from engine.flink.configuration import JobSettings
from engine.flink.rest import FlinkRest
from engine.jobs.ledger import read_ledgers
from engine.settings import Addresses, Settings
from schemas.errors import Fatal
from sources.kafka_admin import KafkaAdmin
from workflows import datasets
from workflows.flights import flow

PREDICTIONS = "flight_predictions"
READ = (
    (datasets.DEPARTURES_FEED, datasets.departures),
    (datasets.LANDINGS_FEED, datasets.landings),
    (datasets.WEATHER_FEED, datasets.weather),
    (datasets.PLANES_FEED, datasets.planes),
)


def measure(settings: Settings, tell: Tell) -> list[Row]:
    """Feed the topics, then run the workflow over them twice, the first time for the JVMs to compile what they run."""
    addresses = Addresses.find(settings)
    fed = sum(_feed(addresses, feed, records) for feed, records in READ)
    tell(f"{fed:,} records are in {len(READ)} topics")
    with KafkaAdmin(addresses.kafka) as admin:
        admin.create(PREDICTIONS, PARTITIONS)
    cold_s, took_s = (_seconds(settings, addresses, fed, tell) for _ in range(2))
    how = f"{fed:,} records of four topics, one slot, workers started within; {fed / took_s:,.0f} records a second; "
    return [figures.YEAR.row(took_s, f"{how}the first run, on JVMs that had just started: {cold_s:.1f} s")]


def _seconds(settings: Settings, addresses: Addresses, fed: int, tell: Tell) -> float:
    """From the job's start to its last readable prediction, with checkpoints as often as `headrace run` makes them."""
    job_id = submit(flow, settings, JobSettings(bounded=True))
    with FlinkRest(addresses.flink) as flink:
        stream = Stream(addresses.kafka, PREDICTIONS, fed)
        readable_at = last_rise(stream, lambda: flink.state(job_id))
        finished(flink, job_id)
        began_at = next(job.started_at for job in flink.jobs() if job.id == job_id) / 1000
        ledger = read_ledgers(flow.name, flink)["examples"]
    if not ledger.adds_up:
        raise Fatal(f"the ledger does not add up: {ledger}")
    took_s = readable_at - began_at
    tell(f"{ledger.records:,} flights, {ledger.records_matched:,} of them landed, in {took_s:.1f} s")
    return took_s


def _feed(addresses: Addresses, feed: Feed, records: Callable[[], Iterable[dict[str, Any]]]) -> int:
    with Producer(feed, addresses.kafka, addresses.registry) as producer:
        return producer.send(records()).records
