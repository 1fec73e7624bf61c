"""Fills a topic of readings or levels: in order of event time, every key in a partition of its own choice."""

from __future__ import annotations

import io
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastavro
from confluent_kafka import Producer
from stream import BROKER, RECORDS, TOPIC

PARTITIONS = int(os.environ["BENCH_PARTITIONS"])
ORIGINS = int(os.environ["BENCH_ORIGINS"])
STEP_MS = int(os.environ["BENCH_STEP_MS"])
FROM = int(os.environ.get("BENCH_FROM", "0"))
KIND = os.environ["BENCH_KIND"]
HEADER = struct.pack(">bI", 0, int(os.environ["BENCH_SCHEMA_ID"]))
SCHEMA = fastavro.parse_schema(json.loads((Path(__file__).parents[1] / f"{KIND}.avsc").read_text()))
START_MS = 1_700_000_000_000
RECORDS_OF_A_VISIT, CROWDS = 3, 10


def reading(number: int) -> dict[str, Any]:
    """Crowds of as many visitors as there are origins come by turns, and each of them leaves three records."""
    crowd = number // (ORIGINS * RECORDS_OF_A_VISIT) % CROWDS
    return {
        "at": START_MS + number * STEP_MS,
        "origin": f"origin-{number % ORIGINS}",
        "visitor": f"visitor-{crowd * ORIGINS + number % ORIGINS}",
        "number": number,
        "delay": number % 97 / 3,
        "distance": number % 2_741 / 7,
        "wind": number % 31 / 9,
    }


def level(number: int) -> dict[str, Any]:
    """One of each origin between two of its readings."""
    at = START_MS + number * STEP_MS + STEP_MS // 2
    return {"at": at, "origin": f"origin-{number % ORIGINS}", "level": number % 89 / 3, "trend": number % 13 / 5}


record: Callable[[int], dict[str, Any]] = {"reading": reading, "level": level}[KIND]
producer = Producer({"bootstrap.servers": BROKER, "linger.ms": 50, "queue.buffering.max.messages": 200_000})
for number in range(FROM, FROM + RECORDS):
    stream = io.BytesIO()
    made = record(number)
    fastavro.schemaless_writer(stream, SCHEMA, made)
    value, key, partition = HEADER + stream.getvalue(), f"origin-{number % ORIGINS}", number % ORIGINS % PARTITIONS
    while True:
        try:
            producer.produce(TOPIC, value, key=key, partition=partition, timestamp=made["at"])
            break
        except BufferError:
            producer.poll(0.05)
    if number % 1000 == 0:
        producer.poll(0)
producer.flush()
print(json.dumps({"records": RECORDS, "record_bytes": len(value)}))
