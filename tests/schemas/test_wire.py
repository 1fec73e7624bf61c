from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.codec import Decoder, Encoder
from schemas.errors import Fatal
from schemas.wire import dead_letter_schema, prediction_schema

AT = datetime(2013, 1, 1, 10, 15, tzinfo=UTC)


def round_trip(schema: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    return Decoder(schema, {7: schema}.__getitem__).decode(Encoder(schema, 7).encode(record))


@pytest.mark.parametrize(
    ("label_type", "result"),
    [
        ("boolean", {"prediction": True, "probability": 0.25}),
        ("boolean", {"prediction": None, "probability": None}),
        ("string", {"prediction": "a", "probabilities": {"a": 0.75, "b": 0.25}}),
        ("int", {"prediction": 3, "probabilities": {"3": 1.0}}),
        ("long", {"prediction": None, "probabilities": {}}),
        ("double", {"prediction": 1.5}),
    ],
)
def test_predictions_survive_the_round_trip(label_type: str, result: dict[str, Any]) -> None:
    record = {"partition": 3, "offset": 1 << 40, "event_time": AT, **result, "epoch": 2, "count": 1_000_000}
    assert round_trip(prediction_schema(label_type), record) == record


def test_a_label_of_another_type_is_fatal() -> None:
    with pytest.raises(Fatal, match='label type "map"'):
        prediction_schema("map")


def test_a_dead_letter_keeps_what_it_was() -> None:
    letter = {
        "workflow": "flights",
        "topic": "flights",
        "partition": 0,
        "offset": 17,
        "event_time": 200_000 * 365 * 86_400_000,
        "arrival": 1_357_035_300_000,
        "key": None,
        "value": b"\0\xff",
        "headers": b"",
        "node": "flights",
        "reason": "future",
        "error": "event time in the year 200,000",
        "attempt": 1,
        "failed_at": AT,
    }
    assert round_trip(dead_letter_schema(), letter) == letter
