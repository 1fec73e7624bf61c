"""An ingest service on a port of its own, in a thread of the test's process, and topics to write to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx
import uvicorn

from engine.ingest import create_app
from engine.ingest.access import Access
from engine.ingest.command import service
from engine.ingest.limits import Limits
from engine.listener import listen
from engine.local.platform import Platform
from engine.settings import Settings
from schemas.codec import Decoder
from schemas.registry import Registry
from sources.kafka_admin import KafkaAdmin
from sources.kafka_reader import StoredRecord, TopicReader
from tests.waiting import PATIENCE_S, wait_until

PARTITIONS = 4
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Trip",
    "namespace": "headrace.tests",
    "fields": [
        {"name": "number", "type": "long"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "car", "type": ["null", "string"]},
        {"name": "legs", "type": {"type": "array", "items": "double"}, "default": []},
    ],
}
AT = "2013-01-01T00:00:00Z"


def trip(number: int, car: str | None = None) -> dict[str, Any]:
    return {"number": number, "at": AT, "car": car}


@dataclass(frozen=True)
class Stop:
    """A topic with a schema, to which records are sent."""

    platform: Platform
    topic: str

    @property
    def path(self) -> str:
        return f"/topics/{self.topic}/records"

    def register(self, schema: dict[str, Any]) -> int:
        with Registry(self.platform.addresses.registry) as registry:
            return registry.register(f"{self.topic}-value", schema)

    def stored(self) -> list[StoredRecord]:
        with TopicReader(self.platform.addresses.kafka, self.topic) as reader:
            return list(reader.until_end())

    def records(self) -> list[dict[str, Any]]:
        """What is in the topic, read as a workflow reads it; instants as text."""
        with Registry(self.platform.addresses.registry) as registry:
            decoder = Decoder(registry.latest(f"{self.topic}-value").schema, registry.schema)
            records = [decoder.decode(record.value) for record in self.stored()]
        return [record | {"at": record["at"].isoformat().replace("+00:00", "Z")} for record in records]

    def numbers(self) -> list[int]:
        return sorted(record["number"] for record in self.records())


def stop(platform: Platform, config: Mapping[str, str] | None = None) -> Stop:
    """A fresh topic for trips."""
    made = Stop(platform, f"trips_{uuid4().hex[:8]}")
    with KafkaAdmin(platform.addresses.kafka) as admin:
        admin.create(made.topic, PARTITIONS, config)
    made.register(SCHEMA)
    return made


@contextmanager
def running(platform: Platform, limits: Limits | None = None, tokens: tuple[bytes, ...] = ()) -> Iterator[httpx.Client]:
    """A client of a service that writes to the platform's Kafka, which runs inside, and is ready."""
    app = create_app(service(Settings.load(home=platform.home), Access(tokens), limits or Limits()))
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_config=None))
    with listen("127.0.0.1", 0) as listener:
        thread = Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with httpx.Client(base_url=url, timeout=PATIENCE_S, trust_env=False) as client:
                wait_until(lambda: client.get("/readyz").status_code == 200)
                yield client
        finally:
            server.should_exit = True
            thread.join()
