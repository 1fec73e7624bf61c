"""What goes back over the wire: what became of each record, or why the request was not taken."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Response

from engine.http_problem import problem
from engine.ingest.intake import Outcome, Rejection
from engine.ingest.problem import Busy, Refused
from schemas.errors import Fatal, HeadraceError, Retryable

RETRY_AFTER_S = 2
_STATUS = {"unauthorized": 401, "unknown_topic": 404, "too_large": 413, "media_type": 415, "wrong_key": 422}


def answer(outcome: Outcome) -> Response:
    """202 where Kafka has every good record; what is not there is named."""
    listed = [_rejection(rejection) for rejection in outcome.rejected]
    if outcome.trouble is not None:
        return _trouble(
            outcome.trouble,
            "not_acknowledged",
            accepted=outcome.accepted,
            unacknowledged=outcome.unacknowledged,
            rejected=listed,
        )
    if listed and not outcome.accepted:
        return problem(422, "none_accepted", "none of the records fits the topic", rejected=listed)
    return Response(orjson.dumps({"accepted": outcome.accepted, "rejected": listed}), 202, None, "application/json")


def refusal(error: HeadraceError) -> Response:
    """The answer to a request that was not taken, of which nothing is written."""
    if not isinstance(error, Refused):
        return _trouble(error, "kafka_slow" if isinstance(error, Busy) else "unavailable")
    status = _STATUS.get(error.reason, 400)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return problem(status, error.reason, error.message, headers=headers, hint=error.hint)


def _trouble(error: HeadraceError, title: str, **more: Any) -> Response:
    """Nothing that the sender can mend: to be sent again later, unless a person has to look first."""
    status = 429 if isinstance(error, Busy) else 500 if isinstance(error, Fatal) else 503
    headers = {"Retry-After": str(RETRY_AFTER_S)} if isinstance(error, Retryable) else {}
    return problem(status, title, error.message, headers=headers, hint=error.hint, **more)


def _rejection(rejection: Rejection) -> dict[str, Any]:
    said: dict[str, Any] = {"position": rejection.position}
    if rejection.field:
        said["field"] = rejection.field
    return said | {"error": rejection.error}
