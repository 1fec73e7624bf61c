"""A bare loop: librdkafka's consumer, fastavro and river; nothing is written, and nothing survives."""

from __future__ import annotations

import uuid

from confluent_kafka import Consumer
from learning import fresh_model, predict_and_learn
from stream import BROKER, RECORDS, TOPIC, Span

consumer = Consumer({"bootstrap.servers": BROKER, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"})
consumer.subscribe([TOPIC])
model, span, left = fresh_model(), Span(), RECORDS
while left:
    messages = consumer.consume(1000, 0.1)
    for message in messages:
        span.begin()
        predict_and_learn(model, message.value())
        span.end()
    left -= len(messages)
consumer.close()
