"""From an event to what it changes: its feature in Redis, and a model behind the scoring API that has learned it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt

from benchmarks import figures
from benchmarks.figures import Figure, Row, Tell
from benchmarks.headrace_job import submit
from benchmarks.latency_flow import ORIGIN_FEATURES, ORIGINS, departures, latency_workflow
from engine.flink.configuration import JobSettings
from engine.flink.rest import FlinkRest
from engine.settings import Addresses, Settings
from schemas.avro import load_schema
from schemas.codec import Encoder
from schemas.errors import Fatal
from schemas.registry import Registry
from sinks import FeatureKey, FeatureReader
from sources.kafka_admin import KafkaAdmin
from sources.kafka_writer import TopicWriter
from workflows.datasets.flights import flights

RATE = 1_000
SAMPLES = 60_000
WARM_UP = 30_000  # sent before, at the same rate, and not counted: processes start, the JVM compiles
GRACE_S = 5.0
START_S = 20.0  # from submission to the first record that is sent
FEATURE_POLL_S = 0.005
MODEL_POLL_S = 0.02
ASKED = {"hour": 18, "weekday": 4, "distance": 1089.0, "dep_delay": 25.0}
ASKED |= {"origin_delay_1h": 5.0, "carrier_delay_2h": 5.0, "tailnum_delay_1d": 5.0}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """One run: where everything is, and when the first record is sent (seconds since the epoch)."""

    addresses: Addresses
    name: str
    topic: str
    start_s: float
    records: int

    @property
    def end_s(self) -> float:
        return self.start_s + self.records / RATE + GRACE_S


@dataclass(frozen=True)
class Seen:
    """What rising number was seen at which time."""

    at_s: Floats
    numbers: npt.NDArray[np.int64]

    def first_reach(self, wanted: npt.NDArray[np.int64]) -> Floats:
        """When each wanted number, or a larger one, was first seen; infinite where it never was.

        >>> Seen(np.array([1.0, 2.0]), np.array([10, 20])).first_reach(np.array([5, 20, 21]))
        array([ 1.,  2., inf])
        """
        times = np.append(self.at_s, np.inf)
        return times[np.searchsorted(self.numbers, wanted)]


def measure(settings: Settings, tell: Tell, samples: int = SAMPLES) -> list[Row]:
    """The two latencies, in one run. One partition, so that a count says which records were learned."""
    addresses = Addresses.find(settings)
    name = f"bench_latency_{int(time.time())}"
    records = WARM_UP + samples
    with KafkaAdmin(addresses.kafka) as admin:
        admin.create(f"{name}.flights", 1)
    with Registry(addresses.registry) as registry:
        registry.register(f"{name}.flights-value", load_schema("flight"))
    chosen = list(islice(flights(), records))
    job_id = submit(latency_workflow(name, f"{name}.flights"), settings, JobSettings())
    plan = Plan(addresses, name, f"{name}.flights", time.time() + START_S, records)
    try:
        with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
            reading, asking = pool.submit(watch_features, plan), pool.submit(watch_model, plan)
            sending = pool.submit(send, plan, _encoded(plan, chosen))
            sent_s, rows_seen, models_seen = sending.result(), reading.result(), asking.result()
        with FlinkRest(addresses.flink) as flink:
            checkpoints = flink.checkpoints(job_id)["counts"]["completed"]
    finally:
        with FlinkRest(addresses.flink) as flink:
            flink.cancel(job_id)
    event_times = int(plan.start_s * 1000) + np.arange(records)
    origins = np.array([flight["origin"] for flight in chosen])
    labelled = np.array([flight["late"] is not None for flight in chosen])
    in_redis = _rows_reached(event_times, origins, rows_seen) - sent_s
    learned = models_seen.first_reach(np.cumsum(labelled)) - sent_s
    counts = np.arange(records) >= WARM_UP
    detail = f"{samples:,} samples, {checkpoints} checkpoints"
    return [
        _row(figures.FEATURE, in_redis[counts], detail, tell),
        _row(figures.MODEL, learned[counts & labelled], detail, tell),
    ]


def send(plan: Plan, values: list[bytes]) -> Floats:
    """Send the records, each at its time, and say when each was sent (seconds since the epoch)."""
    at_s = np.zeros(len(values))
    if time.time() > plan.start_s:
        raise Fatal("the records were not ready in time", hint="give START_S more time")
    with TopicWriter(plan.addresses.kafka) as writer:
        for number, value in enumerate(values):
            ahead_s = plan.start_s + number / RATE - time.time()
            if ahead_s > 0:
                time.sleep(ahead_s)
            at_s[number] = time.time()
            writer.write(plan.topic, value)
        writer.flush()
    return at_s


def watch_features(plan: Plan) -> dict[str, Seen]:
    """Read the row of each origin again and again, and note when its event time rose."""
    lookups = [FeatureKey("origin", origin, ORIGIN_FEATURES) for origin in ORIGINS]
    seen: dict[str, list[tuple[float, int]]] = {origin: [] for origin in ORIGINS}
    with FeatureReader(plan.addresses.redis) as reader:
        while time.time() < plan.end_s:
            for row in reader.read(plan.name, lookups):
                if row is not None:
                    _note(seen[str(row.value)], row.event_time)
            time.sleep(FEATURE_POLL_S)
    return {origin: _seen(notes) for origin, notes in seen.items()}


def watch_model(plan: Plan) -> Seen:
    """Ask for a prediction again and again, and note when its model had learned more."""
    notes: list[tuple[float, int]] = []
    with httpx.Client(base_url=plan.addresses.scoring, trust_env=False) as client:
        while time.time() < plan.end_s:
            answer = client.post(f"/models/{plan.name}/predict", json={"features": ASKED})
            if answer.status_code == httpx.codes.OK:
                _note(notes, answer.json()["model"]["version"]["count"])
            time.sleep(MODEL_POLL_S)
    return _seen(notes)


def _encoded(plan: Plan, chosen: list[dict[str, Any]]) -> list[bytes]:
    with Registry(plan.addresses.registry) as registry:
        encoder = Encoder(load_schema("flight"), registry.latest(f"{plan.topic}-value").id)
    return [encoder.encode(flight) for flight in departures(chosen, int(plan.start_s * 1000))]


def _rows_reached(event_times: npt.NDArray[np.int64], origins: npt.NDArray[np.str_], seen: dict[str, Seen]) -> Floats:
    """When the row of each record's origin was first seen at its event time or a later one."""
    reached = np.full(len(origins), np.inf)
    for origin, rows in seen.items():
        chosen = origins == origin
        reached[chosen] = rows.first_reach(event_times[chosen])
    return reached


def _row(figure: Figure, latencies_s: Floats, detail: str, tell: Tell) -> Row:
    never = int(np.isinf(latencies_s).sum())
    if never:
        raise Fatal(f"{figure.name}: {never} of {len(latencies_s)} samples were never seen")
    p50, p99 = np.percentile(latencies_s * 1000, [50, 99])
    tell(f"{figure.name}: p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    return figure.row(float(p99), f"{detail}; p50 {p50:.0f} ms")


def _note(notes: list[tuple[float, int]], number: int) -> None:
    if not notes or number > notes[-1][1]:
        notes.append((time.time(), number))


def _seen(notes: Sequence[tuple[float, int]]) -> Seen:
    return Seen(np.array([at for at, _ in notes]), np.array([number for _, number in notes], np.int64))
