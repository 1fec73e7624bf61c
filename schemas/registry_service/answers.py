"""Confluent's shape of answers: its media type, and errors as `error_code` with `message`."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from schemas.errors import Retryable

SUBJECT_NOT_FOUND = 40401
VERSION_NOT_FOUND = 40402
SCHEMA_NOT_FOUND = 40403
INVALID_SCHEMA = 42201
INVALID_VERSION = 42202
STORE_FAILED = 50001


class Refused(Exception):
    """A request that is answered with an error; the HTTP status is the first three digits of `error_code`."""

    def __init__(self, error_code: int, message: str) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.message = message


class Answer(JSONResponse):
    """JSON in Confluent's media type."""

    media_type = "application/vnd.schemaregistry.v1+json"


def answer_errors(app: FastAPI) -> None:
    """Make `app` answer every error in Confluent's shape, unknown paths included."""

    @app.exception_handler(Refused)
    def refused(_: Request, error: Refused) -> Answer:
        return _answer(error.error_code // 100, error.error_code, error.message)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> Answer:
        problem = error.errors()[0]
        if problem["loc"][0] == "path":
            return _answer(404, SCHEMA_NOT_FOUND, "Schema not found")
        where = ".".join(str(part) for part in problem["loc"])
        return _answer(422, INVALID_SCHEMA, f"{where}: {problem['msg']}")

    @app.exception_handler(HTTPException)
    def failed(_: Request, error: HTTPException) -> Answer:
        return _answer(error.status_code, error.status_code, f"HTTP {error.status_code} {error.detail}")

    @app.exception_handler(Retryable)
    def away(_: Request, error: Retryable) -> Answer:
        return _answer(500, STORE_FAILED, str(error))


def _answer(status: int, error_code: int, message: str) -> Answer:
    return Answer({"error_code": error_code, "message": message}, status_code=status)
