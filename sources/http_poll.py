"""A REST endpoint as a source, asked again and again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import orjson

from schemas.durations import parse_duration
from schemas.errors import Fatal, Retryable
from sources.environment import filled_in
from sources.feeder import Batch, Feeder, Position, Reading, Unreadable

TIMEOUT_S = 30.0
_PLACE = "endpoint"
_BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class HttpPoll(Feeder):
    """Records from a REST endpoint that answers GET with JSON, asked once an `every`.

    `records` is the path to the array of records in the answer, with dots, empty where the answer is the array. With
    `cursor`, the path to what the next request has to send as the parameter `cursor_parameter`, pages are read one
    after the other while they have records, and then once an `every`. Without it the whole answer is read each time it
    has changed, by its ETag or, where the endpoint sends none, by its content; `If-None-Match` spares sending it again.
    Values of `headers` may name environment variables: `"Bearer ${TOKEN}"`.

    Delivery: exactly once for each answer; the position is the cursor, or the ETag. Retry-After is respected; 5xx, 429
    and no answer are waited for, other errors are fatal. What is no JSON is a dead letter with its bytes.

    >>> HttpPoll("https://example.org/quakes", every="1m", records="features", cursor="next").every_s
    60.0
    """

    url: str
    every: str = "1m"
    records: str = ""
    cursor: str | None = None
    cursor_parameter: str = "cursor"
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.url.startswith(("http://", "https://")):
            raise Fatal(f'endpoint "{self.url}": expected http://host or https://host')
        if not self.every_s:
            raise Fatal(f'endpoint "{self.url}": every is "{self.every}", expected longer')

    @property
    def every_s(self) -> float:
        """How often it is asked, in seconds."""
        return parse_duration(self.every).total_seconds()

    def open(self, position: Position) -> HttpReading:
        return HttpReading(self, position)


def _now() -> datetime:
    return datetime.now(UTC)


class HttpReading(Reading):
    """An endpoint that is asked; `clock` says how long it is until an instant that it names."""

    def __init__(self, poll: HttpPoll, position: Position, clock: Callable[[], datetime] = _now) -> None:
        self._poll = poll
        self._clock = clock
        self._place: dict[str, Any] = dict(position.get(_PLACE, {}))
        what = f'endpoint "{poll.url}"'
        headers = {name: filled_in(value, os.environ, what) for name, value in poll.headers.items()}
        self._client = httpx.Client(
            headers={"Accept": "application/json", **headers},
            timeout=TIMEOUT_S,
            follow_redirects=True,
            trust_env=httpx.URL(poll.url).host not in _LOOPBACK,  # a proxy has no business there
        )

    def read(self) -> Batch | None:
        answer = self._ask()
        asked_to_wait_s = self._retry_after_s(answer)
        if answer.status_code in _BUSY and asked_to_wait_s:
            return self._batch([], wait_s=asked_to_wait_s)
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return self._batch([], wait_s=max(self._poll.every_s, asked_to_wait_s), caught_up=True)
        if answer.is_server_error or answer.status_code in _BUSY:
            raise Retryable(f'endpoint "{self._poll.url}": HTTP {answer.status_code}')
        if not answer.is_success:
            raise Fatal(f'endpoint "{self._poll.url}": HTTP {answer.status_code}', hint="correct its URL or headers")
        return self._page(answer, asked_to_wait_s) if self._poll.cursor else self._whole(answer, asked_to_wait_s)

    def close(self) -> None:
        self._client.close()

    def _ask(self) -> httpx.Response:
        cursor = self._place.get("cursor")
        params = {} if cursor is None else {self._poll.cursor_parameter: str(cursor)}
        etag = self._place.get("etag")
        headers = {"If-None-Match": etag} if etag and not self._poll.cursor else None
        url = httpx.URL(self._poll.url)
        try:
            return self._client.get(url.copy_merge_params(params), headers=headers)
        except httpx.TransportError as error:
            raise Retryable(f'endpoint "{self._poll.url}": {error or type(error).__name__}') from error
        except httpx.HTTPError as error:
            raise Fatal(f'endpoint "{self._poll.url}": {error}') from error

    def _whole(self, answer: httpx.Response, asked_to_wait_s: float) -> Batch:
        """All records of an answer, none if it is the one before."""
        before = self._place
        digest = hashlib.sha256(answer.content).hexdigest()
        is_new = digest != self._place.get("digest")
        self._place = {"etag": answer.headers.get("ETag"), "digest": digest}
        found = self._found(answer) if is_new else []
        wait_s = max(self._poll.every_s, asked_to_wait_s)
        return self._batch(found, moved=self._place != before, wait_s=wait_s, caught_up=True)

    def _page(self, answer: httpx.Response, asked_to_wait_s: float) -> Batch:
        """The records of a page that were not read before; the last page grows until it names the next cursor."""
        assert self._poll.cursor is not None
        before, cursor, taken = self._place, self._place.get("cursor"), self._place.get("taken", 0)
        found = self._found(answer)
        if any(isinstance(record, Unreadable) and record.raw == answer.content for record in found):
            raise Retryable(f'endpoint "{self._poll.url}": answers what is no JSON')
        if len(found) < taken:
            said = f"its page after cursor {cursor!r} had {taken} records, and has {len(found)}"
            raise Fatal(f'endpoint "{self._poll.url}": {said}', hint="a page may only grow")
        following = _at(orjson.loads(answer.content), self._poll.cursor)
        ended = following in (None, "", cursor)
        self._place = {"cursor": cursor, "taken": len(found)} if ended else {"cursor": following, "taken": 0}
        wait_s = max(self._poll.every_s if ended else 0.0, asked_to_wait_s)
        return self._batch(found[taken:], taken, moved=self._place != before, wait_s=wait_s, caught_up=ended)

    def _found(self, answer: httpx.Response) -> list[Any]:
        """What an answer has for records."""
        try:
            found = _at(orjson.loads(answer.content), self._poll.records)
        except orjson.JSONDecodeError as error:
            return [Unreadable(answer.content, "corrupt", f"no JSON: {error}")]
        if not isinstance(found, list):
            said = f'there is no array at "{self._poll.records}" in its answer'
            raise Fatal(f'endpoint "{self._poll.url}": {said}', hint="records= is the path to the array")
        return [
            record
            if isinstance(record, dict)
            else Unreadable(orjson.dumps(record), "corrupt", "expected a JSON object")
            for record in found
        ]

    def _retry_after_s(self, answer: httpx.Response) -> float:
        """How long the endpoint asks to be left alone, in seconds."""
        said = answer.headers.get("Retry-After", "0")
        if said.isdigit():
            return float(said)
        try:
            return max(0.0, (parsedate_to_datetime(said) - self._clock()).total_seconds())
        except (ValueError, TypeError):
            return 0.0

    def _batch(
        self, found: list[Any], first: int = 0, *, moved: bool = False, wait_s: float, caught_up: bool = False
    ) -> Batch:
        position = {_PLACE: self._place} if moved else {}
        return Batch(found, position, f'endpoint "{self._poll.url}"', first, wait_s, caught_up)


def _at(answer: Any, path: str) -> Any:
    """What stands at a path in an answer, None where nothing does.

    >>> _at({"meta": {"next": 7}}, "meta.next"), _at([1], ""), _at({}, "meta.next")
    (7, [1], None)
    """
    for part in path.split(".") if path else ():
        answer = answer.get(part) if isinstance(answer, dict) else None
    return answer
