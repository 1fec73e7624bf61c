"""Reads Headrace's predictions with read_committed: how many, how many distinct, and when the first were written."""

from __future__ import annotations

import io
import json
import os
import uuid

import fastavro
from confluent_kafka import Consumer, TopicPartition
from stream import BROKER, HEADER_BYTES, TOPIC

SCHEMA = fastavro.parse_schema(json.loads(os.environ["BENCH_SCHEMA"]))
consumer = Consumer({"bootstrap.servers": BROKER, "group.id": uuid.uuid4().hex, "isolation.level": "read_committed"})
partitions = [TopicPartition(TOPIC, number, 0) for number in consumer.list_topics(TOPIC).topics[TOPIC].partitions]
ends = {p.partition: consumer.get_watermark_offsets(p)[1] for p in partitions}
consumer.assign(partitions)
seen: set[tuple[int, int]] = set()
written_at: dict[int, int] = {}
read = 0
while any(p.offset < ends[p.partition] for p in consumer.position(partitions) if ends[p.partition]):
    for message in consumer.consume(5000, 1.0):
        stream = io.BytesIO(message.value())
        stream.seek(HEADER_BYTES)
        record = fastavro.schemaless_reader(stream, SCHEMA)
        seen.add((record["partition"], record["offset"]))
        at_ms = message.timestamp()[1]
        written_at[at_ms] = written_at.get(at_ms, 0) + 1
        read += 1
first_ms = min(written_at)
result = {"read": read, "distinct": len(seen), "first_at_s": first_ms / 1000, "first_records": written_at[first_ms]}
print(json.dumps(result))
consumer.close()
