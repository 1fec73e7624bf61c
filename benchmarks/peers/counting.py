"""Librdkafka's consumer in Python, which does nothing with the records but count them."""

from __future__ import annotations

import uuid

from confluent_kafka import Consumer
from stream import BROKER, RECORDS, TOPIC, Span

AT_ONCE = 1_000  # with more at once it is slower

consumer = Consumer({"bootstrap.servers": BROKER, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"})
consumer.subscribe([TOPIC])
span, left = Span(), RECORDS
while left:
    messages = consumer.consume(AT_ONCE, 0.1)
    if messages:
        span.begin()
        span.end(len(messages))
        left -= len(messages)
consumer.close()
