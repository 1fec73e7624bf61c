"""Fills the topic with the records of the task, round robin over the partitions."""

from __future__ import annotations

import io
import json
import os
import struct
from itertools import islice

import fastavro
from confluent_kafka import Producer
from drawn import DRAWN
from learning import SCHEMA, TASK
from stream import BROKER, RECORDS, TOPIC

PARTITIONS = int(os.environ["BENCH_PARTITIONS"])
HEADER = struct.pack(">bI", 0, int(os.environ["BENCH_SCHEMA_ID"]))
producer = Producer({"bootstrap.servers": BROKER, "linger.ms": 50, "queue.buffering.max.messages": 200_000})
size_bytes = 0
for number, record in enumerate(islice(DRAWN[TASK.record](), RECORDS)):
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, SCHEMA, record)
    value = HEADER + stream.getvalue()
    size_bytes += len(value)
    while True:
        try:
            producer.produce(TOPIC, value, partition=number % PARTITIONS)
            break
        except BufferError:
            producer.poll(0.05)
    if number % 1000 == 0:
        producer.poll(0)
producer.flush()
print(json.dumps({"records": RECORDS, "record_bytes": round(size_bytes / RECORDS)}))
