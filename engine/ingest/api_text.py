"""What the OpenAPI document says about requests and answers, with examples."""

from __future__ import annotations

from typing import Any

from engine.http_problem import problem_text

KEY = "the field whose value is the key: records of one key stay in order"
_BINARY = {"type": "string", "format": "binary"}
_RECORD = {"type": "object", "description": "a field for each of the topic's schema that has no default"}
_FLIGHT = {"flight_id": "UA-1545", "departed_at": "2013-01-01T10:15:00Z", "origin": "EWR", "dep_delay": 2.0}
_DELAYED = {"flight_id": "AA-1141", "departed_at": "2013-01-01T10:40:00Z", "origin": "JFK", "dep_delay": 65.0}
_ERROR = 'is "late", expected a finite number that fits a double'
_REJECTION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "position": {"type": "integer", "description": "of the record in the request, from 0"},
        "field": {"type": "string", "description": "where the error is, such as `legs[2].distance`"},
        "error": {"type": "string"},
    },
}
_ACCEPTED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "accepted": {"type": "integer", "description": "records that Kafka has acknowledged"},
        "rejected": {"type": "array", "items": _REJECTION},
    },
}

RECORDS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [_RECORD, {"type": "array", "items": _RECORD}]},
                "examples": {
                    "one record": {"value": _FLIGHT},
                    "several": {"value": [_FLIGHT, _DELAYED]},
                },
            },
            "application/x-ndjson": {"schema": {"type": "string", "description": "an object a line"}},
            "avro/binary": {
                "schema": _BINARY | {"description": "a container file, or one record in Confluent's framing"}
            },
        },
    }
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "Kafka has every record that is not listed as rejected",
        "content": {
            "application/json": {
                "schema": _ACCEPTED,
                "example": {
                    "accepted": 1,
                    "rejected": [{"position": 1, "field": "dep_delay", "error": _ERROR}],
                },
            }
        },
    },
    400: problem_text("the body is not what its content type says; nothing is written"),
    401: problem_text("no bearer token, or an unknown one"),
    404: problem_text("no such topic, or it takes no records; `hint` says what to do"),
    413: problem_text("too large, or too many records; nothing is written"),
    415: problem_text("another content type or encoding than those that are known"),
    422: problem_text("no record fits the topic's schema: `rejected` says why; or the key is no field of it"),
    429: problem_text("Kafka is slow; nothing is written: send it again after `Retry-After` seconds"),
    503: problem_text(
        "Kafka or the registry does not answer. With `unacknowledged`: records at these positions may be in Kafka or "
        "not, the others are; without it nothing is written"
    ),
}
