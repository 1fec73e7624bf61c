"""What is wrong with a request, after RFC 9457: the answer, and what an OpenAPI document says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request, Response
from starlette.exceptions import HTTPException

_STRING = {"type": "string"}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "title": _STRING,
        "status": {"type": "integer"},
        "detail": _STRING,
        "field": _STRING,
        "hint": _STRING,
    },
}


def problem(status: int, title: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """An answer that says what is wrong; what is empty of `more` is left out."""
    said = {"title": title, "status": status, "detail": detail} | {name: value for name, value in more.items() if value}
    return Response(orjson.dumps(said), status, headers, "application/problem+json")


async def answer_http_error(_: Request, error: Exception) -> Response:
    """What the framework refuses by itself, such as an unknown path, in the same form."""
    assert isinstance(error, HTTPException)
    return problem(error.status_code, "http", str(error.detail), headers=error.headers)


def problem_text(description: str) -> dict[str, Any]:
    """What an OpenAPI document says of such an answer."""
    return {"description": description, "content": {"application/problem+json": {"schema": _PROBLEM}}}
