"""Fills the topic: river's Phishing again and again, round robin over the partitions."""

from __future__ import annotations

import io
import json
import os
import struct

import fastavro
from confluent_kafka import Producer
from river import datasets
from work import BROKER, LABEL, RECORDS, SCHEMA, TOPIC

PARTITIONS = int(os.environ["BENCH_PARTITIONS"])
HEADER = struct.pack(">bI", 0, int(os.environ["BENCH_SCHEMA_ID"]))


def encoded() -> list[bytes]:
    values = []
    for x, y in datasets.Phishing():
        stream = io.BytesIO()
        fastavro.schemaless_writer(stream, SCHEMA, {**{name: float(v) for name, v in x.items()}, LABEL: bool(y)})
        values.append(HEADER + stream.getvalue())
    return values


values = encoded()
failed: list[str] = []
producer = Producer({"bootstrap.servers": BROKER, "linger.ms": 50, "queue.buffering.max.messages": 200_000})
for number in range(RECORDS):
    while True:
        try:
            producer.produce(TOPIC, values[number % len(values)], partition=number % PARTITIONS)
            break
        except BufferError:
            producer.poll(0.05)
    if number % 1000 == 0:
        producer.poll(0)
producer.flush()
print(json.dumps({"records": RECORDS, "record_bytes": len(values[0])}))
