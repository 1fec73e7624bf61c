"""What the OpenAPI document says about requests and answers, with examples."""

from __future__ import annotations

from typing import Any

from engine.http_problem import problem_text

_NUMBER, _STRING = {"type": "number"}, {"type": "string"}
_INSTANCE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "features": {"type": "object", "description": "raw features by name; they win over features that are read"},
        "entities": {
            "type": "object",
            "description": "keys of entities whose features are read, such as an airport",
            "additionalProperties": {"type": ["string", "integer"]},
        },
        "at": {
            "type": "string",
            "format": "date-time",
            "description": "the instant that ages of features refer to; now, if not given",
        },
    },
}
_PREDICTION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "prediction": {"description": "the likeliest class, or a number"},
        "probabilities": {"type": ["object", "null"], "additionalProperties": _NUMBER},
        "model": {
            "type": "object",
            "properties": {
                "name": _STRING,
                "version": {
                    "type": "object",
                    "properties": {"epoch": {"type": "integer"}, "count": {"type": "integer"}},
                },
            },
        },
        "learned_until": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "the largest event time that the model has learned from",
        },
        "feature_age_s": {
            "type": "object",
            "additionalProperties": _NUMBER,
            "description": "for each feature set read, seconds from its event time to `at`",
        },
    },
}
_REQUESTS: dict[str, Any] = {
    "by raw features": {"value": {"features": {"dep_delay": 12.0, "distance": 733.0, "hour": 8}}},
    "by entity keys": {
        "value": {
            "entities": {"origin": "JFK", "carrier": "UA"},
            "features": {"dep_delay": 12.0, "distance": 733.0, "hour": 8},
            "at": "2013-07-04T08:00:00Z",
        }
    },
    "several at once": {"value": {"instances": [{"features": {"dep_delay": 12.0}}, {"features": {"dep_delay": 95.0}}]}},
}
_ANSWER = {
    "prediction": False,
    "probabilities": {"false": 0.83, "true": 0.17},
    "model": {"name": "lateness", "version": {"epoch": 3, "count": 120000}},
    "learned_until": "2013-07-04T07:58:00.000Z",
    "feature_age_s": {"origin_features": 120.0},
}


PREDICT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        _INSTANCE,
                        {"type": "object", "properties": {"instances": {"type": "array", "items": _INSTANCE}}},
                    ]
                },
                "examples": _REQUESTS,
            }
        },
    }
}
PREDICT_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the prediction, or `predictions` for a list of instances",
        "content": {"application/json": {"schema": _PREDICTION, "example": _ANSWER}},
    },
    404: problem_text("no such model, or nothing learned yet for this key"),
    413: problem_text("the request is too large"),
    422: problem_text(
        "the request is not understood, or a feature is missing or of another type: `field` names it; or the model "
        "takes no such record: title `filtered` or `rule_broken`"
    ),
    503: problem_text("features are needed, and cannot be read now"),
}
