"""The same work in Quix Streams: exactly once, the model in its state, predictions to a topic."""

from __future__ import annotations

import pickle
import struct
import tempfile
import uuid
from typing import Any

from learning import fresh_model, predict_and_learn
from quixstreams import Application
from stream import BROKER, RECORDS, TOPIC, Span

live: dict[str, Any] = {}
span = Span()


def learn(value: bytes, state: Any) -> bytes:
    span.begin()
    if not live:
        stored = state.get_bytes("model")
        live["model"] = pickle.loads(stored) if stored else fresh_model()
    probability = predict_and_learn(live["model"], value)
    state.set_bytes("model", pickle.dumps(live["model"]))
    span.end()
    return struct.pack(">d", probability)


with tempfile.TemporaryDirectory() as folder:
    app = Application(
        broker_address=BROKER,
        consumer_group=uuid.uuid4().hex,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        state_dir=folder,
        loglevel="WARNING",
    )
    pages = app.topic(TOPIC, value_deserializer="bytes", key_deserializer="bytes")
    predictions = app.topic(f"{TOPIC}.quix", value_serializer="bytes")
    app.dataframe(pages).apply(learn, stateful=True).to_topic(predictions)
    app.run(count=RECORDS)
