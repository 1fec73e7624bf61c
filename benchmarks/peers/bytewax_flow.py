"""The same work in Bytewax: at least once, with its recovery store, predictions to a topic."""

from __future__ import annotations

import struct
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from learning import fresh_model, predict_and_learn
from stream import BROKER, TOPIC, Span

span = Span()


def learn(model: Any, message: Any) -> tuple[Any, KafkaSinkMessage[Any, Any]]:
    span.begin()
    if model is None:
        model = fresh_model()
    probability = predict_and_learn(model, message.value)
    span.end()
    return model, KafkaSinkMessage(None, struct.pack(">qd", message.offset, probability))


flow = Dataflow("bench")
pages = op.input("pages", flow, KafkaSource([BROKER], [TOPIC], tail=False, batch_size=1000))
keyed = op.key_on("all", pages, lambda _: "all")
predicted = op.stateful_map("learn", keyed, learn)
op.output("predictions", op.map("value", predicted, lambda pair: pair[1]), KafkaSink([BROKER], f"{TOPIC}.bytewax"))
