"""A client for any schema registry that speaks Confluent's REST API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from schemas.errors import BadRecord, Fatal, Retryable
from schemas.session import Session

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
_HINT = "check HEADRACE_REGISTRY or --registry, and that the registry runs"
_SCHEMA_NOT_FOUND = 40403
_MISSING_FOR_S = 10.0
_MISSING_MAX = 10_000


@dataclass(frozen=True)
class Registered:
    """A schema as a registry knows it: one version of a subject."""

    id: int
    version: int
    schema: dict[str, Any]
    subject: str


class Registry(Session):
    """A session with the registry at `url`; it connects at the first call, and threads may share it.

    Every call raises Retryable when the registry does not answer within `timeout_s` or says that it is in trouble, and
    Fatal when it refuses. `clock` gives seconds: an id that the registry does not have is asked for again after ten.
    """

    def __init__(self, url: str, timeout_s: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise Fatal(f'registry "{url}": {error}', hint=_HINT) from error
        if address.scheme not in ("http", "https") or not address.host:
            raise Fatal(f'registry "{url}": expected http://host:port', hint=_HINT)
        self.address = str(address.copy_with(username=None, password=None))
        # a proxy has no business between this machine and itself
        trust_env = address.host not in _LOOPBACK
        self._client = httpx.Client(
            base_url=address,
            timeout=timeout_s,
            trust_env=trust_env,
            headers={"Accept": f"{_MEDIA_TYPE}, application/json"},
        )
        self._clock = clock
        self._schemas: dict[int, dict[str, Any]] = {}
        self._missing: dict[int, float] = {}

    def close(self) -> None:
        self._client.close()

    def register(self, subject: str, schema: dict[str, Any]) -> int:
        """The id of `schema`, made a version of `subject` unless it is one."""
        return int(self._record(self._call("POST", f"{_path(subject)}/versions", schema), "id")["id"])

    def lookup(self, subject: str, schema: dict[str, Any]) -> Registered:
        """The version of `subject` that is `schema`. Raises Fatal when there is none."""
        return self._registered(self._call("POST", _path(subject), schema))

    def latest(self, subject: str) -> Registered:
        """The newest version of `subject`. Raises Fatal when there is none."""
        return self._registered(self._call("GET", f"{_path(subject)}/versions/latest"))

    def subjects(self) -> list[str]:
        """The names of all subjects."""
        return self._list(self._call("GET", "subjects"))

    def versions(self, subject: str) -> list[int]:
        """The numbers of the versions of `subject`. Raises Fatal when there is no such subject."""
        return self._list(self._call("GET", f"{_path(subject)}/versions"))

    def schema(self, id_: int) -> dict[str, Any]:
        """The schema of an id, asked for once. Raises BadRecord (`unknown_schema`) when there is none."""
        known = self._schemas.get(id_)
        if known is not None:
            return known
        if self._clock() < self._missing.get(id_, float("-inf")):
            raise _unknown(id_)
        response = self._send("GET", f"schemas/ids/{id_}", None)
        if _error_code(response) == _SCHEMA_NOT_FOUND:
            if len(self._missing) >= _MISSING_MAX:
                self._missing.clear()
            self._missing[id_] = self._clock() + _MISSING_FOR_S
            raise _unknown(id_)
        answer = self._record(self._answer(response), "schema")
        if answer.get("schemaType", "AVRO") != "AVRO":
            raise BadRecord("unknown_schema", f"schema id {id_}: {answer['schemaType']}, expected AVRO")
        schema: dict[str, Any] = self._schema(answer)
        self._schemas[id_] = schema
        return schema

    def _call(self, method: str, path: str, schema: dict[str, Any] | None = None) -> Any:
        return self._answer(self._send(method, path, schema))

    def _send(self, method: str, path: str, schema: dict[str, Any] | None) -> httpx.Response:
        body = None if schema is None else {"schema": json.dumps(schema)}
        try:
            return self._client.request(method, path, json=body)
        except httpx.TransportError as error:
            raise Retryable(f'registry "{self.address}": {_reason(error)}', hint=_HINT) from error
        except httpx.HTTPError as error:
            raise self._stranger(str(error)) from error

    def _answer(self, response: httpx.Response) -> Any:
        if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise Retryable(f'registry "{self.address}": {_message(response)}', hint=_HINT)
        if response.is_success:
            try:
                return response.json()
            except ValueError as error:
                raise self._stranger("its answer is no JSON") from error
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise Fatal(f'registry "{self.address}": {_message(response)}', hint="put user:password@ into its URL")
        if _error_code(response) is None:
            raise self._stranger(f"HTTP {response.status_code}")
        raise Fatal(f'registry "{self.address}": {_message(response)}')

    def _registered(self, answer: Any) -> Registered:
        fields = self._record(answer, "id", "version", "schema", "subject")
        return Registered(fields["id"], fields["version"], self._schema(fields), fields["subject"])

    def _schema(self, answer: dict[str, Any]) -> Any:
        try:
            return json.loads(answer["schema"])
        except (ValueError, TypeError) as error:
            raise self._stranger(f"a schema that is no JSON: {answer['schema']!r}") from error

    def _record(self, answer: Any, *expected: str) -> dict[str, Any]:
        if isinstance(answer, dict) and answer.keys() >= set(expected):
            return answer
        raise self._stranger(f"expected {', '.join(expected)}, found {answer!r}")

    def _list(self, answer: Any) -> list[Any]:
        if isinstance(answer, list):
            return answer
        raise self._stranger(f"expected a list, found {answer!r}")

    def _stranger(self, finding: str) -> Fatal:
        return Fatal(f'registry "{self.address}": does not speak the registry protocol: {finding}', hint=_HINT)


def _path(subject: str) -> str:
    return f"subjects/{quote(subject, safe='')}"


def _unknown(id_: int) -> BadRecord:
    return BadRecord("unknown_schema", f"schema id {id_}: the registry has no such schema")


def _reason(error: httpx.TransportError) -> str:
    return "no answer in time" if isinstance(error, httpx.TimeoutException) else str(error) or type(error).__name__


def _error(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) and "error_code" in answer else {}


def _error_code(response: httpx.Response) -> int | None:
    return _error(response).get("error_code")


def _message(response: httpx.Response) -> str:
    error = _error(response)
    return f"{error.get('message', 'HTTP error')} ({error.get('error_code', response.status_code)})"
