"""A worker on a real Redis, without Flink, and flights for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.plan import Plan
from engine.worker.metrics import WorkerMetrics
from engine.worker.spec import WorkerSpec
from engine.worker.worker import Worker
from models.allowlist import AllowList
from models.artifact import ModelCard, open_artifact
from models.recovery import MemoryState
from models.signing import signing_key
from schemas.avro import load_schema
from schemas.codec import Decoder, Encoder
from schemas.frames import OutputRecord, Record, pack, unpack_output
from schemas.wire import dead_letter_schema, prediction_schema
from sinks import ModelReader
from workflows.datasets import flights

FLIGHT, DEAD, PREDICTION, SIGNS = 1, 2, 3, 4
IDS = {
    FLIGHT: load_schema("flight"),
    DEAD: dead_letter_schema(),
    PREDICTION: prediction_schema("boolean"),
    SIGNS: {
        "type": "record",
        "name": "Signs",
        "fields": [
            {"name": "age", "type": "double"},
            {"name": "long", "type": "boolean"},
            {"name": "phishing", "type": "boolean"},
        ],
    },
}


class Bench:
    """A worker, its state and its Redis; `process` gives decoded predictions and dead letters."""

    def __init__(self, made: Plan, redis_url: str, folder: Path) -> None:
        self.plan = made
        self.redis_url = redis_url
        self.key_file = folder / "signing.key"
        self.state = MemoryState()
        [self.part] = made.parts
        known, outputs = {self.part.name: IDS}, (DEAD, PREDICTION)[: len(made.topics)]
        self._spec = WorkerSpec(made, 1, known, outputs, "http://127.0.0.1:1", redis_url, str(self.key_file))
        self.restart()

    def restart(self) -> None:
        self.metrics = WorkerMetrics(self.plan.workflow, self.part.name)
        self.worker = Worker(self._spec, self.part, self.state, self.metrics)

    def process(self, records: list[Record]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        out = unpack_output(self.worker.process(0, pack(records).encode()).encode())
        return self._decoded(out, 1, PREDICTION), self._decoded(out, 0, DEAD)

    @staticmethod
    def _decoded(out: list[OutputRecord], topic: int, schema_id: int) -> list[dict[str, Any]]:
        decoder = Decoder(IDS[schema_id], IDS.__getitem__)
        return [decoder.decode(record.value) for record in out if record.destination == topic]


def published(bench: Bench) -> ModelCard:
    with ModelReader(bench.redis_url) as models:
        stored = models.fetch(bench.plan.workflow)
    assert stored is not None
    return open_artifact(stored.artifact, signing_key(bench.key_file), AllowList())[0]


def records(count: int, start: int = 0) -> list[Record]:
    encoder = Encoder(IDS[FLIGHT], FLIGHT)
    taken = []
    for offset, flight in enumerate(flights()):
        if offset >= start + count:
            break
        if offset >= start:
            event_time = int(flight["departed_at"].timestamp() * 1000)
            taken.append(Record(encoder.encode(flight), b"k", event_time=event_time, arrival=event_time, offset=offset))
    return taken


def metric(bench: Bench, name: str, **labels: str) -> float | None:
    return bench.metrics.registry.get_sample_value(
        name, {"workflow": bench.plan.workflow, "stream": bench.part.name, **labels}
    )
